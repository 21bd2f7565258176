#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "chat/base/log_limiter.h"
#include "chat/protocol/classic.h"
#include "chat/protocol/limits.h"
#include "chat/session/crowd_limit.h"
#include "chat/session/session.h"
#include "session/pacer.h"

// The side of a session that its I/O loop runs: bytes in, bytes out, deadlines.
namespace chat::session {
namespace {

using protocol::Errno;
using protocol::Framing;
using protocol::Msgid;

// How long a client that has hung up may take to read its answers.
constexpr std::chrono::seconds kAnswerPatience{30};

// How long a client that has run out of time may take until its connection is gone.
constexpr std::chrono::seconds kFarewellPatience{10};

// Clients of a server that stops come back spread out, not all at once.
std::chrono::milliseconds reconnect_delay() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(500, 3000)(random));
}

constexpr std::size_t kFramesPerRound = 64;

constinit log::Limiter closed_lines{log::kUsualLines};

void log_closed(const char* reason, const net::Address& peer) {
  log::limited(log::Level::kInfo, closed_lines, "event=closed reason={} peer={}", reason,
               peer.to_string());
}

// The limit of frames tells whether somebody is logged in.
bool is_strangers(const protocol::FrameDecoder& decoder) {
  return decoder.frame_max_bytes() < protocol::kFrameMaxBytes;
}

// Each of a stranger's many connections has an allowance of its own, and needs little of it. So
// frames count more there, and answers byte for byte.
std::int64_t least_frame_cost(const protocol::FrameDecoder& decoder) {
  constexpr std::int64_t kStrangerFrameBytesMin = 512;
  return is_strangers(decoder) ? kStrangerFrameBytesMin : SessionOptions::kFrameBytesMin;
}

Fault too_large(std::size_t limit) {
  return Fault{{Errno::kTooLarge,
                "a frame may have at most " + std::to_string(limit) + " bytes here", std::nullopt}};
}

}  // namespace

void Session::on_bytes(std::string_view bytes) {
  if (std::exchange(never_sent_, false)) context_.silent_clients.leave();
  deadlines_.input(loop_.now());
  take_frames_in_loop(bytes);
}

// At most kFramesPerRound of them, so that no client makes the others of its loop wait; the rest is
// parked, and nothing more is read, until that is worked off.
void Session::take_frames_in_loop(std::string_view bytes) {
  if (waits_as_stranger_in_loop(bytes)) return;
  std::int64_t cost = 0;
  std::vector<Input> inputs;
  decoder_.feed(bytes);
  std::optional<std::string_view> frame;
  while (inputs.size() < kFramesPerRound && (frame = decoder_.next())) {
    take_frame_in_loop(*frame, inputs, cost);
  }
  const std::string_view rest = decoder_.take_rest();
  if (!rest.empty() && !decoder_.failed()) parked_ = std::make_unique<std::string>(rest);
  if (decoder_.failed() && !input_over_) {
    input_over_ = true;
    inputs.emplace_back(too_large(decoder_.frame_max_bytes()));
  }
  if (decoder_.framing() == Framing::kHttp && !input_over_) {
    input_over_ = true;
    inputs.emplace_back(HttpCaller{decoder_.is_http_head()});
  }
  cost = std::max(static_cast<std::int64_t>(bytes.size() - rest.size()), cost);
  hand_over_in_loop(std::move(inputs), cost);
}

void Session::hand_over_in_loop(std::vector<Input>&& inputs, std::int64_t cost) {
  framing_.store(decoder_.framing(), std::memory_order_relaxed);
  deadlines_.classic(classic());
  deadlines_.frames(!inputs.empty(), decoder_.has_partial_frame(), loop_.now());
  deadlines_.unterminated_since(decoder_.may_be_unterminated() ? loop_.now() : base::SteadyTime{});
  strand_.append_in_loop(loop_, std::move(inputs));
  (void)pay_in_loop(cost);
  update_reading_in_loop();
  arm_deadline_in_loop();
}

// A client that sends no terminator at its registration or login is a classic one. What else comes
// so is taken too, but says nothing about the framing.
void Session::take_unterminated_in_loop() {
  if (input_over_ || parked_) return;
  const std::optional<std::string> frame = decoder_.take_unterminated();
  if (!frame) return;
  std::int64_t cost = 0;
  std::vector<Input> inputs;
  for (const std::string_view object : protocol::objects_of(*frame)) {
    const auto request = protocol::parse_request(object);
    if (request && protocol::may_be_classic(*request)) decoder_.presume_classic();
    inputs.push_back(input_of_in_loop(object, cost));
  }
  hand_over_in_loop(std::move(inputs), cost);
}

void Session::take_frame_in_loop(std::string_view frame, std::vector<Input>& inputs,
                                 std::int64_t& cost) {
  if (decoder_.framing() != Framing::kClassic) {
    return inputs.push_back(input_of_in_loop(frame, cost));
  }
  for (const std::string_view object : protocol::objects_of(frame)) {
    inputs.push_back(input_of_in_loop(object, cost));
  }
}

Input Session::input_of_in_loop(std::string_view frame, std::int64_t& cost) {
  auto request = protocol::parse_request(frame);
  std::optional<Input> refusal;
  if (request) refusal = refusal_in_loop(*request);
  if (!request || refusal) {
    cost += least_frame_cost(decoder_);
    return refusal ? std::move(*refusal) : Input(Fault{std::move(request.error())});
  }
  const RequestTraits& traits = context_.handler.traits_of(request->msgid);
  cost += least_cost_of(traits);
  return RoutedRequest{std::move(*request), &traits};
}

// What the framing forbids a request that is well formed.
std::optional<Input> Session::refusal_in_loop(protocol::Request& request) {
  if (decoder_.began_as_tls()) {
    return Fault{{Errno::kBadJson, "this connection began as TLS", std::nullopt}};
  }
  if (decoder_.framing() != Framing::kClassic) return std::nullopt;
  auto numbers = classic_numbers();
  const bool registration = protocol::is_classic_registration(request);
  auto refusal = protocol::read_classic(request, context_.options.classic_numbers, numbers);
  classic_numbers_.store(numbers, std::memory_order_relaxed);
  if (!refusal) return std::nullopt;
  return Fault{std::move(*refusal), registration ? Msgid::kRegisterAck : Msgid::kError};
}

// Into debt, if need be: nothing is read then until it is paid. False: there is none.
bool Session::pay_in_loop(std::int64_t bytes) {
  if (const auto shared = strangers_bucket()) context_.rates.charge(*shared, bytes);
  const auto wait = byte_bucket_.charge(context_.options.byte_rate(), bytes, loop_.now());
  if (wait.count() == 0) return false;
  deadlines_.read_again_at(loop_.now() + wait);
  update_reading_in_loop();
  arm_deadline_in_loop();
  return true;
}

// Many connections, or ever new ones, bring a stranger no more than a few: what they cost is
// charged to their address as well. Loopback addresses are exempt, as a balancer may be behind
// them.
std::optional<base::NamedBucket> Session::strangers_bucket() const {
  const base::Rate rate = context_.options.strangers_rate();
  if (rate.per_period == 0 || !is_strangers(decoder_) || peer_.is_loopback()) return std::nullopt;
  return base::NamedBucket{"strangers@" + peer_.network(), rate, base::BucketKind::kAddress};
}

// True: the address is in debt, and these bytes are looked at once it is paid.
bool Session::waits_as_stranger_in_loop(std::string_view bytes) {
  const auto shared = strangers_bucket();
  if (!shared) return false;
  const auto wait = context_.rates.wait_for(*shared);
  if (wait.count() == 0) return false;
  parked_ = std::make_unique<std::string>(bytes);
  deadlines_.read_again_at(loop_.now() + wait);
  update_reading_in_loop();
  arm_deadline_in_loop();
  return true;
}

std::int64_t Session::least_cost_of(const RequestTraits& traits) const {
  if (traits.carries_credentials) return SessionOptions::kCredentialBytesMin;
  const std::int64_t least = least_frame_cost(decoder_);
  return traits.blocks ? std::max(least, SessionOptions::kBlockingBytesMin) : least;
}

void Session::unpark_in_loop() {
  unparking_ = false;
  if (connection_ == nullptr || !parked_) return;
  const std::unique_ptr<std::string> bytes = std::move(parked_);
  take_frames_in_loop(*bytes);
}

void Session::on_input_end() {
  take_unterminated_in_loop();
  ending_.store(true, std::memory_order_release);
  input_over_ = true;
  peer_is_done_ = true;
  drop_pushes_in_loop();
  // A client that asks, hangs up and does not read the answers must not stay for ever.
  grant_in_loop(kAnswerPatience);
  strand_.append(Input(InputEnd{}));
}

// A classic client that ended its input has left: what still waits for its turn is not delivered.
void Session::drop_pushes_in_loop() {
  if (!pacer_) return;
  unsent_.fetch_sub(pacer_->drop_pushes(), std::memory_order_relaxed);
  if (outlet_) outlet_->on_dropped_in_loop();
}

void Session::on_written(std::size_t bytes) {
  written_total_ += bytes;
  const std::size_t before = unsent_.fetch_sub(bytes, std::memory_order_relaxed);
  const std::size_t left = before - bytes;
  deadlines_.output_moved(left > 0, loop_.now());
  if (outlet_) outlet_->on_written_in_loop();
  note_output_in_loop();
  if (before > kOutputLowBytes && left <= kOutputLowBytes) {
    strand_.kick();
    update_reading_in_loop();
  }
}

void Session::on_stopping() {
  input_over_ = true;
  update_reading_in_loop();
  say_farewell("server_stopping", reconnect_delay());
}

void Session::on_closed() {
  connection_ = nullptr;
  gone_.store(true, std::memory_order_relaxed);
  if (std::exchange(never_sent_, false)) context_.silent_clients.leave();
  if (std::exchange(slow_, false)) context_.slow_clients.leave();
  ending_.store(true, std::memory_order_release);
  if (outlet_) outlet_->on_closed_in_loop();
  outlet_.reset();
  strand_.replace_all(Input(Closed{}));
}

void Session::notice_hang_up_in_loop() {
  if (connection_ == nullptr || !connection_->peer_hung_up()) return;
  ending_.store(true, std::memory_order_release);
  // Its FIN would wait behind input that we do not read because it does not read either.
  if (!reading_) connection_->close();
}

void Session::logged_in_in_loop(bool heartbeat) {
  decoder_.set_frame_max_bytes(protocol::kFrameMaxBytes);
  deadlines_.logged_in(heartbeat);
  arm_deadline_in_loop();
}

void Session::logged_out_in_loop() {
  decoder_.set_frame_max_bytes(protocol::kFrameMaxBytesBeforeLogin);
  deadlines_.logged_out(loop_.now());
  arm_deadline_in_loop();
}

void Session::send_in_loop(std::string_view json) {
  if (connection_ == nullptr) return;
  if (classic()) {
    std::string frames;
    protocol::append_frames(frames, Framing::kClassic, json, classic_numbers());
    unsent_.fetch_add(frames.size(), std::memory_order_relaxed);
    return enqueue_in_loop(frames);
  }
  const std::size_t queued = connection_->send_by(
      [&](std::string& output) { protocol::append_frame(output, framing(), json); });
  unsent_.fetch_add(queued, std::memory_order_relaxed);
  note_queued_in_loop(queued);
}

void Session::write_in_loop(const std::string& frames) {
  if (connection_ == nullptr) return;
  enqueue_in_loop(frames);
  const auto size = static_cast<std::int64_t>(frames.size());
  charge_in_loop(is_strangers(decoder_) ? size : size / SessionOptions::kReplyBytesPerByte);
}

void Session::charge_in_loop(std::int64_t bytes) {
  if (connection_ != nullptr && pay_in_loop(bytes)) owes_.store(true, std::memory_order_release);
}

void Session::enqueue_in_loop(std::string_view framed) {
  if (framed.empty()) return;  // nothing of it was for a classic client
  note_queued_in_loop(framed.size());
  if (classic()) {
    if (!pacer_) pacer_ = std::make_unique<Pacer>();
    pacer_->add(framed);
    pace_in_loop();
  } else {
    connection_->send(framed);
  }
}

void Session::note_queued_in_loop(std::size_t bytes) {
  queued_total_ += bytes;
  deadlines_.output_queued(loop_.now());
  note_output_in_loop();
  arm_deadline_in_loop();
}

void Session::note_output_in_loop() {
  const bool slow = !output_low_in_loop();
  if (slow == slow_ || connection_ == nullptr) return;
  slow_ = slow;
  if (slow) {
    context_.slow_clients.enter();
    written_at_look_ = written_total_;
    deadlines_.look_at_output_at(loop_.now() + context_.options.slow_look);
  } else {
    context_.slow_clients.leave();
    deadlines_.look_at_output_at({});
  }
}

// Whoever has read little since the last look does so while there is room only.
bool Session::may_stay_slow_in_loop() {
  deadlines_.look_at_output_at(context_.clock.now() + context_.options.slow_look);
  const std::uint64_t read = written_total_ - std::exchange(written_at_look_, written_total_);
  if (read < kOutputLowBytes) slow_ = !context_.slow_clients.leave_if_too_many();
  return slow_;
}

// One object a write, and each at its time.
void Session::pace_in_loop() {
  if (connection_ == nullptr || pacing_) return;
  while (const auto frame = pacer_->take(loop_.now())) {
    connection_->send(*frame);
    connection_->flush_now();
    // Writing may have brought more to send, and set the timer.
    if (connection_ == nullptr || pacing_) return;
  }
  if (const auto due = pacer_->due()) {
    pacing_ = true;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*due - loop_.now());
    loop_.run_after(wait, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->pacing_ = false;
      self->pace_in_loop();
    });
  } else if (close_when_paced_) {
    connection_->close_when_sent();
  }
}

bool Session::pushes_wait_in_loop() const {
  return peer_is_done_ || output_blocked();
}

bool Session::output_low_in_loop() const {
  return unsent_.load(std::memory_order_relaxed) <= kOutputLowBytes;
}

void Session::flush_in_loop() {
  if (connection_ != nullptr) connection_->flush_now();
}

void Session::set_outlet_in_loop(std::unique_ptr<Outlet> outlet) {
  outlet_ = std::move(outlet);
}

void Session::close_in_loop(std::chrono::milliseconds patience) {
  if (connection_ == nullptr) return;
  input_over_ = true;
  grant_in_loop(patience);
  close_when_paced_ = pacer_ != nullptr && !pacer_->empty();
  if (!close_when_paced_) connection_->close_when_sent();
}

// From now on, and not from when this round of the loop began: the process may have been stopped
// since, and what is still to be said would never be.
void Session::grant_in_loop(std::chrono::milliseconds patience) {
  deadlines_.close_by(context_.clock.now() + patience);
  arm_deadline_in_loop();
}

void Session::update_reading_in_loop() {
  if (connection_ == nullptr) return;
  bool read = !input_over_ && !deadlines_.holding_back() && !output_blocked() &&
              strand_.queued() <= Strand::kQueueHigh;
  // What was read comes before what was not.
  if (read && parked_) {
    if (!std::exchange(unparking_, true)) {
      post_in_loop([self = shared_from_this()] { self->unpark_in_loop(); });
    }
    read = false;
  }
  if (read == reading_) return;
  reading_ = read;
  deadlines_.reading(read, loop_.now());
  if (read) {
    connection_->resume_reading();
  } else {
    connection_->pause_reading();
  }
  arm_deadline_in_loop();
}

void Session::on_deadline() {
  switch (deadlines_.due(context_.clock.now(), context_.options.patience)) {
    case Deadlines::Due::kClose: return connection_->close();
    case Deadlines::Due::kUnterminated: take_unterminated_in_loop(); break;
    case Deadlines::Due::kStalled: log_closed("output_stalled", peer_); return connection_->close();
    case Deadlines::Due::kSlow:
      if (may_stay_slow_in_loop()) break;
      log_closed("slow", peer_);
      return connection_->close();
    case Deadlines::Due::kReadAgain:
      if (owes_.exchange(false, std::memory_order_acq_rel)) strand_.kick();
      update_reading_in_loop();
      if (outlet_) outlet_->on_written_in_loop();
      break;
    case Deadlines::Due::kAcks:
      if (const auto time = connection_->unacknowledged_for()) {
        if (*time < Deadlines::kUnacknowledgedMax) {
          deadlines_.unacknowledged(context_.clock.now());
          break;
        }
        log_closed("unreachable", peer_);
        return connection_->close();
      }
      break;
    case Deadlines::Due::kInput:
      if (const auto unread = connection_->unread_input()) {
        deadlines_.input_waits(*unread, context_.clock.now());
      }
      break;
    case Deadlines::Due::kSilent: return time_out_in_loop("timeout");
    case Deadlines::Due::kNothingSent:
      never_sent_ = !context_.silent_clients.leave_if_too_many();
      if (!never_sent_) return time_out_in_loop("login_timeout");
      break;
    case Deadlines::Due::kNoLogin: return time_out_in_loop("login_timeout");
    case Deadlines::Due::kNothing: break;
  }
  arm_deadline_in_loop();
}

// A client that does not read keeps its strand from coming to the farewell: it is cut off.
void Session::time_out_in_loop(const char* reason) {
  if (output_blocked()) {
    log_closed(reason, peer_);
    return connection_->close();
  }
  if (!ending()) say_farewell(reason, kReconnectSoon);
  grant_in_loop(kFarewellPatience);
}

// Deadlines mostly move later; moving the timer each time would cost more than firing once too
// early and looking again.
void Session::arm_deadline_in_loop() {
  if (connection_ == nullptr || connection_->closed()) return;
  const auto next = deadlines_.next(ending(), context_.options.patience);
  if (!next) return;
  const auto armed = connection_->deadline();
  if (!armed || *armed > *next) connection_->set_deadline(*next);
}

}  // namespace chat::session

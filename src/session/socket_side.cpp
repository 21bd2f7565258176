#include "chat/session/socket_side.h"

#include <random>
#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/protocol/classic.h"
#include "chat/session/crowd_limit.h"
#include "session/pacer.h"
#include "session/read_policy.h"

// An event is a call from outside or from the connection: bytes arrived, a deadline passed, another
// room sends. Each event updates the session's state and ends in settle(), which alone decides
// whether the socket is read (ReadPolicy) and when the session is checked next (Deadlines). So no
// event needs to consider what it means for the others.
//
// Events nest: an immediate write reports how much was written, and the outlet sends more from
// on_written(). settle() calls nothing back, so it may run at the end of each; the outermost call
// comes last and sees the final state. An event that closes the connection ends there: on_closed()
// has run by then, and settle() does nothing.

namespace chat::session {
namespace {

using protocol::Framing;

// How long a client that has hung up may take to read its answers.
constexpr std::chrono::seconds kAnswerPatience{30};

// How long a client that has timed out may take until its connection is closed.
constexpr std::chrono::seconds kFarewellPatience{10};

// Clients of a stopping server reconnect spread out, not all at once.
std::chrono::milliseconds reconnect_delay() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(500, 3000)(random));
}

constinit log::Limiter closed_lines{log::kUsualLines};

void log_closed(const char* reason, const net::Address& peer) {
  log::limited(log::Level::kInfo, closed_lines, "event=closed reason={} peer={}", reason,
               peer.to_string());
}

}  // namespace

SocketSide::SocketSide(ConversationState& shared, net::Connection& connection)
    : shared_(shared), connection_(&connection), deadlines_(shared.loop.now()) {
  shared_.context.silent_clients.enter();
  settle();  // arms the deadline of a client that never sends anything
}

SocketSide::~SocketSide() = default;

void SocketSide::on_bytes(std::string_view bytes) {
  if (std::exchange(never_sent_, false)) shared_.context.silent_clients.leave();
  deadlines_.input(shared_.loop.now());
  take_frames(bytes);
  settle();
}

void SocketSide::take_frames(std::string_view bytes) {
  if (waits_as_stranger()) return intake_.park(bytes);
  hand_over(intake_.take(shared_, bytes));
}

void SocketSide::take_unterminated() {
  if (input_over_ || intake_.has_parked()) return;
  if (auto batch = intake_.take_unterminated(shared_)) hand_over(*std::move(batch));
}

void SocketSide::hand_over(FrameIntake::Batch&& batch) {
  const auto now = shared_.loop.now();
  input_over_ = input_over_ || batch.input_over;
  shared_.framing.store(intake_.framing(), std::memory_order_relaxed);
  deadlines_.classic(shared_.classic());
  deadlines_.frames(!batch.inputs.empty(), intake_.has_partial_frame(), now);
  deadlines_.unterminated_since(intake_.may_be_unterminated() ? now : base::SteadyTime{});
  shared_.strand.append_in_loop(shared_.loop, std::move(batch.inputs));
  (void)pay(batch.cost);
}

// Charges the client, into debt if need be, which stops reading until it is paid. False if there is
// no debt.
bool SocketSide::pay(std::int64_t bytes) {
  if (const auto shared = strangers_bucket()) shared_.context.rates.charge(*shared, bytes);
  const auto wait =
      byte_bucket_.charge(shared_.context.options.byte_rate(), bytes, shared_.loop.now());
  if (wait.count() == 0) return false;
  deadlines_.read_again_at(shared_.loop.now() + wait);
  return true;
}

// Opening many connections, or new ones again and again, gains a client that is not logged in
// little: their cost is charged to its address as well. Loopback addresses are exempt, as a load
// balancer may be behind them.
std::optional<base::NamedBucket> SocketSide::strangers_bucket() const {
  const base::Rate rate = shared_.context.options.strangers_rate();
  if (rate.per_period == 0 || !intake_.is_strangers() || shared_.peer.is_loopback())
    return std::nullopt;
  return base::NamedBucket{"strangers@" + shared_.peer.network(), rate, base::BucketKind::kAddress};
}

// True if the address is in debt; the input is handled once it is paid.
bool SocketSide::waits_as_stranger() {
  const auto shared = strangers_bucket();
  if (!shared) return false;
  const auto wait = shared_.context.rates.wait_for(*shared);
  if (wait.count() == 0) return false;
  deadlines_.read_again_at(shared_.loop.now() + wait);
  return true;
}

void SocketSide::unpark() {
  unparking_ = false;
  if (connection_ == nullptr || input_over_) return;
  if (const auto bytes = intake_.unpark()) take_frames(*bytes);
  settle();
}

void SocketSide::on_input_end() {
  take_unterminated();
  shared_.ending.store(true, std::memory_order_release);
  input_over_ = true;
  peer_is_done_ = true;
  drop_pushes();
  // A client that sends requests, hangs up and does not read the answers must not stay for ever.
  grant(kAnswerPatience);
  shared_.strand.append(Input(InputEnd{}));
  settle();
}

// A classic client that has ended its input is gone: pushes that wait in the pacer are not
// delivered.
void SocketSide::drop_pushes() {
  if (!pacer_) return;
  shared_.unsent.fetch_sub(pacer_->drop_pushes(), std::memory_order_relaxed);
  if (outlet_) outlet_->on_dropped();
}

void SocketSide::on_written(std::size_t bytes) {
  written_total_ += bytes;
  const std::size_t before = shared_.unsent.fetch_sub(bytes, std::memory_order_relaxed);
  const std::size_t left = before - bytes;
  deadlines_.output_moved(left > 0, shared_.loop.now());
  if (outlet_) outlet_->on_written();
  note_output();
  if (before > kOutputLowBytes && left <= kOutputLowBytes) shared_.strand.kick();
  settle();
}

void SocketSide::on_queue_short() {
  settle();
}

void SocketSide::on_stopping() {
  input_over_ = true;
  shared_.say_farewell("server_stopping", reconnect_delay());
  settle();
}

void SocketSide::on_closed() {
  connection_ = nullptr;
  shared_.gone.store(true, std::memory_order_relaxed);
  if (std::exchange(never_sent_, false)) shared_.context.silent_clients.leave();
  if (std::exchange(slow_, false)) shared_.context.slow_clients.leave();
  shared_.ending.store(true, std::memory_order_release);
  if (outlet_) outlet_->on_closed();
  outlet_.reset();
  shared_.strand.replace_all(Input(Closed{}));
}

void SocketSide::notice_hang_up() {
  if (connection_ == nullptr || !connection_->peer_hung_up()) return;
  shared_.ending.store(true, std::memory_order_release);
  // An unread FIN would wait behind input that is not read because the client does not read either.
  if (!reading_ && !peer_is_done_) connection_->close();
}

void SocketSide::logged_in(bool heartbeat) {
  intake_.logged_in();
  deadlines_.logged_in(heartbeat);
  settle();
}

void SocketSide::logged_out() {
  intake_.logged_out();
  deadlines_.logged_out(shared_.loop.now());
  settle();
}

void SocketSide::send(std::string_view json) {
  if (connection_ == nullptr) return;
  if (is_paced()) {
    std::string frames;
    protocol::append_frames(frames, shared_.framing.load(std::memory_order_relaxed), json,
                            shared_.classic_numbers.load(std::memory_order_relaxed));
    shared_.unsent.fetch_add(frames.size(), std::memory_order_relaxed);
    enqueue(frames);
    return settle();
  }
  const std::size_t queued = connection_->send_by([&](std::string& output) {
    protocol::append_frame(output, shared_.framing.load(std::memory_order_relaxed), json);
  });
  shared_.unsent.fetch_add(queued, std::memory_order_relaxed);
  note_queued(queued);
  settle();
}

void SocketSide::write_replies(const std::string& frames) {
  if (connection_ == nullptr) return;
  enqueue(frames);
  const auto size = static_cast<std::int64_t>(frames.size());
  charge(intake_.is_strangers() ? size : size / SessionOptions::kReplyBytesPerByte);
}

void SocketSide::charge(std::int64_t bytes) {
  if (connection_ != nullptr && pay(bytes)) shared_.owes.store(true, std::memory_order_release);
  settle();
}

// Keeps the order of output if a client changes its framing: while the pacer holds any, all goes
// through it.
bool SocketSide::is_paced() const {
  return shared_.classic() || (pacer_ && !pacer_->empty());
}

bool SocketSide::pacer_is_full() const {
  return pacer_->is_full();
}

bool SocketSide::pacer_is_short() const {
  return pacer_->is_short();
}

void SocketSide::enqueue(std::string_view framed) {
  if (framed.empty()) return;  // it has no form for a classic client
  note_queued(framed.size());
  if (is_paced()) {
    if (!pacer_) pacer_ = std::make_unique<Pacer>();
    pacer_->add(framed);
    pace();
  } else {
    connection_->send(framed);
  }
}

void SocketSide::note_queued(std::size_t bytes) {
  queued_total_ += bytes;
  deadlines_.output_queued(shared_.loop.now());
  note_output();
}

void SocketSide::note_output() {
  const bool slow = !shared_.output_low();
  if (slow == slow_ || connection_ == nullptr) return;
  slow_ = slow;
  if (slow) {
    shared_.context.slow_clients.enter();
    written_at_look_ = written_total_;
    deadlines_.look_at_output_at(shared_.loop.now() + shared_.context.options.slow_look);
  } else {
    shared_.context.slow_clients.leave();
    deadlines_.look_at_output_at({});
  }
}

// A client that has read little since the last check may stay only while there is room.
bool SocketSide::may_stay_slow() {
  deadlines_.look_at_output_at(shared_.context.clock.now() + shared_.context.options.slow_look);
  const std::uint64_t read = written_total_ - std::exchange(written_at_look_, written_total_);
  if (read < kOutputLowBytes) slow_ = !shared_.context.slow_clients.leave_if_too_many();
  return slow_;
}

// Writes one object at a time, each when it is due.
void SocketSide::pace() {
  if (connection_ == nullptr || pacing_) return;
  while (const auto frame = pacer_->take(shared_.loop.now())) {
    connection_->send(*frame);
    connection_->flush_now();
    // The write may have queued more output and set the timer.
    if (connection_ == nullptr || pacing_) return;
  }
  if (const auto due = pacer_->due()) {
    pacing_ = true;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*due - shared_.loop.now());
    shared_.loop.run_after(wait, [weak = std::weak_ptr(shared_.strand.keep_alive()), this] {
      const auto alive = weak.lock();
      if (alive == nullptr) return;
      pacing_ = false;
      pace();
      settle();
    });
  } else if (close_when_paced_) {
    connection_->close_when_sent();
  }
}

void SocketSide::flush() {
  if (connection_ != nullptr) connection_->flush_now();
}

void SocketSide::close_when_sent(std::chrono::milliseconds patience) {
  if (connection_ == nullptr) return;
  input_over_ = true;
  grant(patience);
  close_when_paced_ = pacer_ != nullptr && !pacer_->empty();
  if (!close_when_paced_) connection_->close_when_sent();
  settle();
}

void SocketSide::close_within(std::chrono::milliseconds patience) {
  grant(patience);
  settle();
}

// Counts from now, not from the beginning of the loop's round: if the process was stopped in
// between, the time would be over before the last output is written.
void SocketSide::grant(std::chrono::milliseconds patience) {
  deadlines_.close_by(shared_.context.clock.now() + patience);
}

void SocketSide::on_deadline() {
  switch (deadlines_.due(shared_.context.clock.now(), shared_.context.options.patience)) {
    case Deadlines::Due::kClose: return connection_->close();
    case Deadlines::Due::kUnterminated: take_unterminated(); break;
    case Deadlines::Due::kStalled:
      log_closed("output_stalled", shared_.peer);
      return connection_->close();
    case Deadlines::Due::kSlow:
      if (may_stay_slow()) break;
      log_closed("slow", shared_.peer);
      return connection_->close();
    case Deadlines::Due::kReadAgain:
      if (shared_.owes.exchange(false, std::memory_order_acq_rel)) shared_.strand.kick();
      if (outlet_) outlet_->on_written();
      break;
    case Deadlines::Due::kAcks:
      if (const auto time = connection_->unacknowledged_for()) {
        if (*time < Deadlines::kUnacknowledgedMax) {
          deadlines_.unacknowledged(shared_.context.clock.now());
          break;
        }
        log_closed("unreachable", shared_.peer);
        return connection_->close();
      }
      break;
    case Deadlines::Due::kInput:
      if (const auto unread = connection_->unread_input()) {
        deadlines_.input_waits(*unread, shared_.context.clock.now());
      }
      break;
    case Deadlines::Due::kSilent: time_out("timeout"); break;
    case Deadlines::Due::kNothingSent:
      never_sent_ = !shared_.context.silent_clients.leave_if_too_many();
      if (!never_sent_) time_out("login_timeout");
      break;
    case Deadlines::Due::kNoLogin: time_out("login_timeout"); break;
    case Deadlines::Due::kNothing: break;
  }
  settle();
}

// A client that does not read would keep its strand from reaching the farewell, so it is closed at
// once.
void SocketSide::time_out(const char* reason) {
  if (shared_.output_blocked()) {
    log_closed(reason, shared_.peer);
    return connection_->close();
  }
  if (!shared_.ending.load(std::memory_order_acquire)) shared_.say_farewell(reason, kReconnectSoon);
  grant(kFarewellPatience);
}

void SocketSide::settle() {
  if (connection_ == nullptr || connection_->closed()) return;
  read_or_pause();
  arm_deadline();
}

void SocketSide::read_or_pause() {
  // Hysteresis: once blocked, the output must fall to the low mark.
  output_blocked_ = shared_.output_blocked() || (output_blocked_ && !shared_.output_low());
  const ReadPolicy policy{.input_over = input_over_,
                          .in_debt = in_debt(),
                          .output_blocked = output_blocked_,
                          .queue_long = shared_.strand.is_long(),
                          .parked = intake_.has_parked()};
  const ReadPolicy::Step step = policy.step();
  if (step == ReadPolicy::Step::kUnpark && !std::exchange(unparking_, true)) {
    shared_.loop.post([alive = shared_.strand.keep_alive(), this] { unpark(); });
  }
  const bool read = step == ReadPolicy::Step::kRead;
  if (read == reading_) return;
  reading_ = read;
  deadlines_.reading(read, shared_.loop.now());
  if (read) {
    connection_->resume_reading();
  } else {
    connection_->pause_reading();
  }
}

// Deadlines mostly move later. Firing once too early and checking again costs less than moving the
// timer each time.
void SocketSide::arm_deadline() {
  const auto next = deadlines_.next(shared_.ending.load(std::memory_order_acquire),
                                    shared_.context.options.patience);
  if (!next) return;
  const auto armed = connection_->deadline();
  if (!armed || *armed > *next) connection_->set_deadline(*next);
}

}  // namespace chat::session

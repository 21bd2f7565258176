#include "chat/session/session.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "chat/base/log_limiter.h"
#include "chat/net/event_loop.h"
#include "chat/protocol/classic.h"
#include "chat/protocol/http.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/decode_request.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/login_messages.h"
#include "chat/session/crowd_limit.h"
#include "session/pacer.h"

namespace chat::session {
namespace {

using protocol::Errno;
using protocol::Framing;
using protocol::Msgid;

// How long a conversation that is over may take to drain.
constexpr std::chrono::seconds kDrainPatience{5};
constexpr std::chrono::milliseconds kEvictPatience{1000};

constinit log::Limiter failed_requests{log::kUsualLines};

std::string bye(const Farewell& farewell) {
  return protocol::encode_push(protocol::messages::ByePush{
      .reason = farewell.reason, .reconnect_after_ms = farewell.reconnect_after.count()});
}

}  // namespace

Session::Session(const SessionContext& context, net::Connection& connection, std::size_t loop_index)
    : context_(context),
      loop_(connection.loop()),
      loop_index_(static_cast<std::uint16_t>(loop_index)),
      classic_numbers_(context.options.classic_numbers),
      peer_(connection.peer()),
      strand_(context.workers, *this),
      connection_(&connection),
      deadlines_(loop_.now()) {
  context_.silent_clients.enter();
  arm_deadline_in_loop();  // also for a client that never says anything
}

Session::~Session() = default;

void Session::say_farewell(std::string reason, std::chrono::milliseconds reconnect_after) {
  ending_.store(true, std::memory_order_release);
  strand_.append(Input(Farewell{std::move(reason), reconnect_after}));
}

bool Session::evict(std::string reason, std::chrono::milliseconds reconnect_after) {
  if (evicted_.exchange(true)) return false;
  ending_.store(true, std::memory_order_release);
  strand_.replace_all(Input(Farewell{std::move(reason), reconnect_after}));
  // The strand may be waiting for a client that does not read: its connection ends in any case.
  post_in_loop([self = shared_from_this()] { self->grant_in_loop(2 * kEvictPatience); });
  return true;
}

void Session::probe(base::Task then) {
  post_in_loop([self = shared_from_this(), then = std::move(then)]() mutable {
    self->notice_hang_up_in_loop();
    then();
  });
}

void Session::post_in_loop(base::Task task, std::chrono::milliseconds delay) {
  if (delay.count() <= 0) return loop_.post(std::move(task));
  // Timers copy what they call.
  loop_.post([&loop = loop_, delay, task = std::make_shared<base::Task>(std::move(task))] {
    loop.run_after(delay, [task] { (*task)(); });
  });
}

void Session::reply(std::string_view json) {
  protocol::append_frames(replies_.writable(), framing(), json, classic_numbers());
}

void Session::flush_replies() {
  if (replies_.empty()) return;
  unsent_.fetch_add(replies_.size(), std::memory_order_relaxed);
  loop_.post(
      [self = shared_from_this(), frames = replies_.take()] { self->write_in_loop(frames); });
}

void Session::run(Input&& input) {
  if (auto* request = std::get_if<RoutedRequest>(&input)) {
    if (!closing_) run_request(*request);
  } else if (const auto* fault = std::get_if<Fault>(&input)) {
    if (!closing_) run_fault(*fault);
  } else if (const auto* caller = std::get_if<HttpCaller>(&input)) {
    if (!closing_) run_http(*caller);
  } else if (const auto* farewell = std::get_if<Farewell>(&input)) {
    if (!closing_) {
      run_farewell(*farewell);
    } else {
      // An eviction may have taken the place of Closed in the queue.
      context_.handler.end(*this);
    }
  } else if (std::holds_alternative<InputEnd>(input)) {
    finish(kDrainPatience);
  } else {
    closing_ = true;
    context_.handler.end(*this);
  }
}

void Session::run_request(RoutedRequest& routed) {
  protocol::Request& request = routed.request;
  try {
    context_.handler.handle(*this, request, *routed.traits);
  } catch (const std::exception& fault) {
    answer_fault(protocol::head_of(request), fault);
  }
}

void Session::answer_fault(const protocol::RequestHead& request, const std::exception& fault) {
  log::limited(log::Level::kError, failed_requests, "event=request_failed msgid={} what={}",
               static_cast<int>(request.msgid), log::quoted(fault.what()));
  reply(protocol::error_reply(protocol::reply_to(request.msgid),
                              {Errno::kInternal, "something went wrong here", {}}, request.cid));
}

void Session::run_fault(const Fault& fault) {
  reply(protocol::error_reply(fault.reply, fault.refusal, ""));
  if (fault.refusal.code == Errno::kTooLarge) run_farewell({"too_large", kReconnectSoon});
}

void Session::run_http(const HttpCaller& caller) {
  replies_.writable().append(protocol::http_refusal(caller.head));
  finish(kDrainPatience);
}

void Session::run_farewell(const Farewell& farewell) {
  reply(bye(farewell));
  finish(evicted_ ? kEvictPatience : kDrainPatience);
  context_.handler.end(*this);
}

// Nothing more is said: what was said goes out, then the connection closes.
void Session::finish(std::chrono::milliseconds patience) {
  closing_ = true;
  ending_.store(true, std::memory_order_release);
  flush_replies();
  post_in_loop([self = shared_from_this(), patience] { self->close_in_loop(patience); });
}

bool Session::must_wait(const Input& input) const {
  if (output_blocked()) return true;
  return owes_.load(std::memory_order_acquire) && !ending() && blocks(input);
}

bool Session::output_blocked() const {
  return unsent_.load(std::memory_order_relaxed) > kOutputHighBytes;
}

void Session::on_queue_short() {
  post_in_loop([self = shared_from_this()] { self->update_reading_in_loop(); });
}

}  // namespace chat::session

#include "chat/session/session.h"

#include <exception>
#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/net/event_loop.h"
#include "chat/protocol/classic.h"
#include "chat/protocol/http.h"
#include "chat/protocol/messages/decode_request.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/login_messages.h"

namespace chat::session {
namespace {

using protocol::Errno;
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
    : shared_(context, connection, loop_index, *this), socket_(shared_, connection) {}

Session::~Session() = default;

void Session::say_farewell(std::string reason, std::chrono::milliseconds reconnect_after) {
  shared_.say_farewell(std::move(reason), reconnect_after);
}

bool Session::evict(std::string reason, std::chrono::milliseconds reconnect_after) {
  if (shared_.evicted.exchange(true)) return false;
  shared_.ending.store(true, std::memory_order_release);
  shared_.strand.replace_all(Input(Farewell{std::move(reason), reconnect_after}));
  // The strand may be waiting for a client that does not read, so close the connection in any case.
  post_to_loop([self = shared_from_this()] { self->socket_.close_within(2 * kEvictPatience); });
  return true;
}

void Session::probe(base::Task then) {
  post_to_loop([self = shared_from_this(), then = std::move(then)]() mutable {
    self->socket_.notice_hang_up();
    then();
  });
}

void Session::post_to_loop(base::Task task, std::chrono::milliseconds delay) {
  if (delay.count() <= 0) return shared_.loop.post(std::move(task));
  // A timer's callback must be copyable, and a Task is not.
  shared_.loop.post(
      [&loop = shared_.loop, delay, task = std::make_shared<base::Task>(std::move(task))] {
        loop.run_after(delay, [task] { (*task)(); });
      });
}

std::shared_ptr<net::ConnectionHandler> Session::connection_handler() {
  return {shared_from_this(), &socket_};
}

void Session::reply(std::string_view json) {
  protocol::append_frames(replies_.writable(), framing(), json, classic_numbers());
}

void Session::flush_replies() {
  if (replies_.empty()) return;
  shared_.unsent.fetch_add(replies_.size(), std::memory_order_relaxed);
  shared_.loop.post([self = shared_from_this(), frames = replies_.take()] {
    self->socket_.write_replies(frames);
  });
}

void Session::flush_replies_then(base::Task then) {
  shared_.unsent.fetch_add(replies_.size(), std::memory_order_relaxed);
  shared_.loop.post(
      [self = shared_from_this(), frames = replies_.take(), then = std::move(then)]() mutable {
        self->socket_.write_replies(frames);
        then();
      });
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
      shared_.context.handler.end(*this);
    }
  } else if (std::holds_alternative<InputEnd>(input)) {
    finish(kDrainPatience);
  } else {
    closing_ = true;
    shared_.context.handler.end(*this);
  }
}

void Session::run_request(RoutedRequest& routed) {
  protocol::Request& request = routed.request;
  try {
    shared_.context.handler.handle(*this, request, *routed.traits);
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
  finish(shared_.evicted ? kEvictPatience : kDrainPatience);
  shared_.context.handler.end(*this);
}

// Ends the output: what is queued is sent, then the connection closes.
void Session::finish(std::chrono::milliseconds patience) {
  closing_ = true;
  shared_.ending.store(true, std::memory_order_release);
  flush_replies();
  post_to_loop([self = shared_from_this(), patience] { self->socket_.close_when_sent(patience); });
}

bool Session::must_wait(const Input& input) const {
  if (shared_.output_blocked()) return true;
  return shared_.owes.load(std::memory_order_acquire) && !ending() && blocks(input);
}

void Session::on_queue_short() {
  post_to_loop([self = shared_from_this()] { self->socket_.on_queue_short(); });
}

}  // namespace chat::session

// How a client handles the server's messages.
#include <algorithm>
#include <utility>

#include "chat/protocol/errors.h"
#include "client/check/client.h"
#include "client/core/text.h"
#include "client/core/wire/request_json.h"

namespace chat::client::check {

using load::Account;
using protocol::Errno;
using protocol::Msgid;

void Client::on_closed(End end, const std::string& why) {
  if (end == End::kBroken) around_.fault(why);
  lose(end == End::kRefused ? "connection refused" : "connection lost");
}

// A client leaves a server that it cannot understand.
void Client::on_nonsense(const std::string& what) {
  around_.fault(what);
  lose(what);
}

void Client::on_entered(const event::LoggedIn& login, base::SteadyTime now) {
  tries_ = 0;
  pause_until_ = last_sent_ = now;
  party_.logged_in(member_, account().id(), account().fresh());
  if (!std::exchange(known_, true)) {
    ++around_.accounts;
    ++around_.run.progress.accounts;
  }
  for (const auto& message : login.offline) take_chat(message, now);
  for (auto* const handler : party_.handlers()) poller().arm(*handler, now);
}

void Client::on_login_refused(const Account::Outcome& outcome, base::SteadyTime now) {
  const bool wait = outcome.kind == Account::Outcome::Kind::kWait;
  pause_until_ = now + (wait ? outcome.wait : std::chrono::seconds(1));
  wait ? around_.run.held_up(outcome.reason) : around_.run.impossible(outcome.reason);
}

// Also gets the answer to a PING, which changes nothing.
void Client::on_answer(const Event& answer, base::SteadyTime now) {
  const auto* refused = answer.as<event::Refused>();
  if (!party_.take(member_, answer)) {
    around_.run.impossible(account().name() + " cannot be set up: " +
                           (refused != nullptr ? refused->error + " " + refused->errmsg : ""));
  }
  if (refused != nullptr) pause_until_ = now + load::wait_of(*refused);
  for (auto* const handler : party_.handlers()) poller().arm(*handler, now);
}

void Client::on_message(const ServerMessage& message, base::SteadyTime now) {
  const auto msgid = static_cast<Msgid>(message.msgid);
  const bool is_push = msgid == Msgid::kOneChat || msgid == Msgid::kGroupChat;
  const auto number = is_push ? std::nullopt : read_cid(around_.run.id, message.cid);
  if (number) return take_chat_answer(*number, message, now);
  take_push(message, now);
}

void Client::take_chat_answer(std::uint32_t number, const ServerMessage& message,
                              base::SteadyTime now) {
  Ledger& ledger = party_.ledger(member_);
  const auto answer = read_reply(
      message, {.request = party_.target(member_).group ? Msgid::kGroupChat : Msgid::kOneChat,
                .target = party_.target(member_)});
  if (!answer) return on_nonsense(answer.error().message);
  if (const auto* refused = answer->as<event::Refused>()) {
    return take_chat_refusal(number, *refused, now);
  }
  const auto step = ledger.acked(number, answer->as<event::Sent>()->seq);
  Surroundings::add(around_.ack, step, now);
  plan_.answered(number);
  back(now);
}

void Client::take_chat_refusal(std::uint32_t number, const event::Refused& refused,
                               base::SteadyTime now) {
  Ledger& ledger = party_.ledger(member_);
  if (load::is_temporary(refused)) {
    ledger.refused(number);
    if (static_cast<Errno>(refused.code) == Errno::kUnavailable) out("unavailable", now);
    return plan_.refused(number, now + load::wait_of(refused));
  }
  plan_.answered(number);
  if (static_cast<Errno>(refused.code) == Errno::kConflict) return ledger.conflicting(number);
  ledger.failed(number);
  around_.run.fault("chat: " + refused.error + " " + refused.errmsg);
}

void Client::take_push(const ServerMessage& message, base::SteadyTime now) {
  const auto event = read_push(message);
  if (!event) return on_nonsense(event.error().message);
  if (const auto* chat = event->as<event::Message>()) return take_chat(*chat, now);
  if (const auto* refused = event->as<event::Refused>()) {
    around_.fault("unasked: " + refused->error + " " + refused->errmsg);
  }
  // DELIVERED is answered only on failure.
  if (message.msgid == static_cast<int>(reply_to(Msgid::kDelivered))) {
    around_.fault("DELIVERED was answered: " + harmless(message.raw));
  }
  if (const auto* bye = event->as<event::Bye>()) {
    lose("BYE " + bye->reason,
         std::chrono::milliseconds(std::clamp<std::int64_t>(bye->reconnect_after_ms, 0, 10'000)));
  }
}

void Client::take_chat(const event::Message& message, base::SteadyTime now) {
  arrived(message.group ? Target{{}, message.group} : Target{message.from, {}}, message.seq);
  Surroundings::add(around_.delivery, party_.delivered(member_, around_.run.id, message), now);
}

}  // namespace chat::client::check

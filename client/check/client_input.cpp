// What a client makes of the server's messages.
#include <algorithm>
#include <utility>

#include "chat/protocol/errors.h"
#include "client/check/client.h"
#include "client/core/request_json.h"
#include "client/core/text.h"

namespace chat::client::check {

using protocol::Errno;
using protocol::Msgid;

void Client::take_frames(base::SteadyTime now) {
  const bool goes_on = link_.read();
  while (const auto frame = link_.next()) {
    heard_ = true;
    take(*frame, now);
    if (!doom_.empty()) return lose(std::exchange(doom_, {}), doom_pause_);
  }
  if (state_ == State::kGone) return;
  if (link_.broken()) around_.fault("bytes that are no frame");
  if (!goes_on || link_.broken()) return lose("connection lost", doom_pause_);
  if (state_ != State::kIn) return;
  for (const auto& [stream, seq] : received_.due()) {
    link_.send(request::delivered(stream, seq));
    last_sent_ = now;
  }
}

void Client::take(std::string_view frame, base::SteadyTime now) {
  const auto message = parse_message(frame);
  if (!message) return take_nonsense(message.error().message);
  const auto msgid = static_cast<Msgid>(message->msgid);
  const bool is_push = msgid == Msgid::kOneChat || msgid == Msgid::kGroupChat;
  if (!is_push && asked_ && message->cid == asked_->cid) {
    const Question question = std::exchange(asked_, std::nullopt)->question;
    const auto answer = read_reply(*message, question);
    if (answer) return take_answer(*answer, now);
    return take_nonsense(answer.error().message);
  }
  const auto number = is_push ? std::nullopt : read_cid(around_.run.id, message->cid);
  if (number) return take_chat_answer(*number, *message, now);
  take_push(*message, now);
}

// A server that can't be understood is left.
void Client::take_nonsense(const std::string& what) {
  around_.fault(what);
  doom_ = what;
}

void Client::take_answer(const Event& answer, base::SteadyTime now) {
  switch (state_) {
    case State::kLoggingIn: return take_login_step(answer, now);
    case State::kIn: return take_party_step(answer, now);
    case State::kLeaving: link_.close(); return enter(State::kGone);
    default: return;
  }
}

void Client::take_login_step(const Event& answer, base::SteadyTime now) {
  const auto outcome = account_.take(answer);
  switch (outcome.kind) {
    case Account::Outcome::Kind::kGoOn: return;
    case Account::Outcome::Kind::kWait:
      pause_until_ = now + outcome.wait;
      return around_.run.held_up(outcome.reason);
    case Account::Outcome::Kind::kImpossible:
      around_.run.impossible(outcome.reason);
      pause_until_ = now + std::chrono::seconds(1);
      return;
    case Account::Outcome::Kind::kLoggedIn: break;
  }
  enter(State::kIn);
  tries_ = 0;
  received_.begin(account_.id());
  party_.logged_in(member_, account_.id(), account_.fresh());
  if (!std::exchange(known_, true)) {
    ++around_.accounts;
    ++around_.run.progress.accounts;
  }
  for (const auto& message : answer.as<event::LoggedIn>()->offline) take_message(message, now);
  for (auto* const handler : party_.handlers()) around_.poller.arm(*handler, now);
}

// A PING's answer comes here, too, and says nothing.
void Client::take_party_step(const Event& answer, base::SteadyTime now) {
  const auto* refused = answer.as<event::Refused>();
  if (!party_.take(member_, answer)) {
    around_.run.impossible(account_.name() + " can't get ready: " +
                           (refused != nullptr ? refused->error + " " + refused->errmsg : ""));
  }
  if (refused != nullptr) pause_until_ = now + wait_of(*refused);
  for (auto* const handler : party_.handlers()) around_.poller.arm(*handler, now);
}

void Client::take_chat_answer(std::uint32_t number, const ServerMessage& message,
                              base::SteadyTime now) {
  Ledger& ledger = party_.ledger(member_);
  const auto answer = read_reply(
      message, {.request = party_.target(member_).group ? Msgid::kGroupChat : Msgid::kOneChat,
                .target = party_.target(member_)});
  if (!answer) return take_nonsense(answer.error().message);
  if (const auto* refused = answer->as<event::Refused>()) {
    return take_chat_refusal(number, *refused, now);
  }
  ledger.acked(number, answer->as<event::Sent>()->seq, now);
  plan_.answered(number);
  back(now);
}

void Client::take_chat_refusal(std::uint32_t number, const event::Refused& refused,
                               base::SteadyTime now) {
  Ledger& ledger = party_.ledger(member_);
  if (is_temporary(refused)) {
    ledger.refused(number);
    if (static_cast<Errno>(refused.code) == Errno::kUnavailable) out("unavailable", now);
    return plan_.refused(number, now + wait_of(refused));
  }
  plan_.answered(number);
  if (static_cast<Errno>(refused.code) == Errno::kConflict) return ledger.conflicting(number);
  ledger.failed(number);
  around_.run.fault("chat: " + refused.error + " " + refused.errmsg);
}

void Client::take_push(const ServerMessage& message, base::SteadyTime now) {
  const auto event = read_push(message);
  if (!event) return take_nonsense(event.error().message);
  if (const auto* chat = event->as<event::Message>()) return take_message(*chat, now);
  if (const auto* refused = event->as<event::Refused>()) {
    around_.fault("unasked: " + refused->error + " " + refused->errmsg);
  }
  // DELIVERED is answered only when it failed.
  if (message.msgid == static_cast<int>(reply_to(Msgid::kDelivered))) {
    around_.fault("DELIVERED was answered: " + harmless(message.raw));
  }
  if (const auto* bye = event->as<event::Bye>()) {
    doom_ = "BYE " + bye->reason;
    doom_pause_ =
        std::chrono::milliseconds(std::clamp<std::int64_t>(bye->reconnect_after_ms, 0, 10'000));
  }
}

void Client::take_message(const event::Message& message, base::SteadyTime now) {
  received_.take(message);
  party_.delivered(member_, around_.run.id, message, now);
}

}  // namespace chat::client::check

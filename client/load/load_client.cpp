#include "client/load/load_client.h"

#include <utility>

#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/login_messages.h"
#include "client/load/frame_codec.h"

namespace chat::client::load {

using protocol::Msgid;

void LoadClient::set_state(State state) {
  const State before = std::exchange(state_, state);
  if (before != state) on_state(before);
}

void LoadClient::enter(const Endpoint& to, in_addr_t source) {
  asked_.reset();
  heard_ = false;
  acknowledgements_.clear();
  set_state(State::kConnecting);
  connect(to, source);
}

void LoadClient::drop() {
  close();
  asked_.reset();
  set_state(State::kOut);
}

void LoadClient::on_open(base::SteadyTime now) {
  set_state(State::kEntering);
  on_entering(now);
  on_progress(now);
}

void LoadClient::ask_to_log_in(base::SteadyTime now) {
  std::string cid = next_cid();
  auto step = account_.next(cid);
  ask(std::move(cid), std::move(step.question), step.json, now);
}

void LoadClient::log_out(base::SteadyTime now) {
  set_state(State::kLeaving);
  std::string cid = next_cid();
  const UserId self = account_.id();
  const std::string json =
      protocol::encode_request(protocol::messages::Logout{.sender = self}, cid);
  ask(std::move(cid), {.request = Msgid::kLogout, .user = self}, json, now);
}

void LoadClient::ask(std::string cid, Question question, std::string_view json,
                     base::SteadyTime now) {
  send(json);
  asked_ = Asked{std::move(cid), std::move(question), now};
}

void LoadClient::on_frame(std::string_view json, base::SteadyTime now) {
  heard_ = true;
  if (on_raw_frame(json, now)) return;
  const auto message = parse_message(json);
  if (!message) return on_nonsense(message.error().message);
  const auto msgid = static_cast<Msgid>(message->msgid);
  const bool is_push = msgid == Msgid::kOneChat || msgid == Msgid::kGroupChat;
  if (!is_push && asked_ && message->cid == asked_->cid) return take_answer(*message, now);
  on_message(*message, now);
}

void LoadClient::take_answer(const ServerMessage& message, base::SteadyTime now) {
  const Question question = std::exchange(asked_, std::nullopt)->question;
  const auto answer = read_reply(message, question);
  if (!answer) return on_nonsense(answer.error().message);
  switch (state_) {
    case State::kEntering: return take_login_answer(*answer, now);
    case State::kIn: return on_answer(*answer, now);
    case State::kLeaving: drop(); return on_left(now);
    default: return;
  }
}

void LoadClient::take_login_answer(const Event& answer, base::SteadyTime now) {
  const auto outcome = account_.take(answer);
  switch (outcome.kind) {
    case Account::Outcome::Kind::kGoOn: return ask_to_log_in(now);
    case Account::Outcome::Kind::kLoggedIn:
      set_state(State::kIn);
      return on_entered(*answer.as<event::LoggedIn>(), now);
    default: return on_login_refused(outcome, now);
  }
}

void LoadClient::on_read(base::SteadyTime now) {
  if (state_ == State::kIn) {
    acknowledgements_.settle(
        [this](Target stream, Seq seq) { append_delivered(output(), stream, seq); });
  }
  on_progress(now);
}

}  // namespace chat::client::load

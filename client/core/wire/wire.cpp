#include "client/core/wire/wire.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/protocol/messages/catalogue.h"
#include "chat/protocol/messages/failure.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"
#include "client/core/text.h"
#include "client/core/wire/message_reader.h"
#include "client/core/wire/message_wire.h"
#include "client/core/wire/people_wire.h"

namespace chat::client {
namespace {

using nlohmann::json;
using protocol::key_of;
using protocol::Msgid;
namespace messages = protocol::messages;

// The fields of every message.
struct Envelope {
  std::int64_t msgid = 0;
  std::optional<std::string_view> cid{};
  static constexpr auto fields() {
    return protocol::field_list(protocol::field("msgid", &Envelope::msgid),
                                protocol::field("cid", &Envelope::cid));
  }
};

event::GroupNotice notice_of(const messages::AnyChatPush& push) {
  event::GroupNotice out;
  out.event = text_of(push.event);
  out.by = push.by.value_or(UserId{});
  out.user = push.user.value_or(UserId{});
  out.role = text_of(push.role);
  out.until = push.until.value_or(0);
  out.settings = {push.groupid.value_or(GroupId{}), text_of(push.groupname),
                  text_of(push.groupdesc)};
  out.settings.announcement = text_of(push.announcement);
  out.changes_desc = push.groupdesc.has_value();
  out.changes_announcement = push.announcement.has_value();
  out.settings.joining = text_of(push.joining);
  return out;
}

event::Message chat_of(MessageReader& in, const messages::AnyChatPush& push) {
  const bool to_group = push.msgid == static_cast<int>(Msgid::kGroupChat);
  in.require(!to_group || push.groupid, key_of(&messages::AnyChatPush::groupid));
  in.require(push.seq >= 0, key_of(&messages::AnyChatPush::seq));
  event::Message out;
  out.from = push.sender;
  out.name = push.name;
  if (to_group) out.group = push.groupid.value_or(GroupId{});
  if (!to_group) out.to = push.toid.value_or(UserId{});
  out.text = push.msg;
  out.time = push.time;
  out.ts = push.ts;
  out.seq = push.seq;
  out.cid = text_of(push.cid);
  if (push.kind == "notice") out.notice = notice_of(push);
  out.extras = extras_of(push);
  return out;
}

std::vector<event::Message> chats_of(MessageReader& in,
                                     const std::vector<messages::AnyChatPush>& pushes) {
  std::vector<event::Message> out;
  for (const messages::AnyChatPush& push : pushes) out.push_back(chat_of(in, push));
  return out;
}

event::LoggedIn read_login(MessageReader& in, const json& body, bool again) {
  const auto reply = in.read<messages::LoginReply>(body);
  event::LoggedIn out;
  out.again = again;
  out.id = reply.id;
  out.name = reply.name;
  out.token = reply.token;
  for (const auto& item : reply.friends) out.friends.push_back(friend_of(item));
  for (const auto& item : reply.groups) out.groups.push_back(group_of(item));
  out.offline = chats_of(in, reply.offlinemsg);
  out.more = reply.more;
  out.more_friends = reply.more_friends;
  out.more_groups = reply.more_groups;
  return out;
}

event::Refused read_refusal(MessageReader& in, const json& body) {
  const auto failure = in.read<messages::Failure>(body);
  event::Refused out;
  out.code = static_cast<int>(failure.code);
  out.error = failure.error;
  out.errmsg = failure.errmsg;
  out.retry_after_ms = failure.retry_after_ms;
  return out;
}

event::History read_history(MessageReader& in, const json& body, const Question& question) {
  const auto reply = in.read<messages::HistoryReply>(body);
  return {question.target, chats_of(in, reply.messages), text_of(reply.cursor)};
}

event::SessionList read_sessions(MessageReader& in, const json& body) {
  event::SessionList out;
  for (const auto& item : in.read<messages::SessionsReply>(body).sessions) {
    out.sessions.push_back({std::string(item.session), item.created, item.expires, item.current});
  }
  return out;
}

event::Receipt read_receipt(MessageReader& in, const json& body) {
  const auto push = in.read<messages::ReceiptPush>(body);
  in.require(push.user || push.groupid, key_of(&messages::ReceiptPush::user));
  event::Receipt out;
  out.kind = push.kind;
  if (push.groupid) {
    out.group = *push.groupid;
  } else {
    out.id = push.user.value_or(UserId{});
  }
  out.seq = push.seq;
  return out;
}

template <typename Reply>
event::Sent read_sent(MessageReader& in, const ServerMessage& message, const Question& question) {
  const auto reply = in.read<Reply>(message.body);
  return {question.target, reply.seq, reply.ts, message.cid};
}

Event::What read_success(MessageReader& in, const ServerMessage& message,
                         const Question& question) {
  const json& body = message.body;
  if (auto what = read_message_reply(in, body, question)) return *std::move(what);
  switch (question.request) {
    case Msgid::kLogin: return read_login(in, body, question.again);
    case Msgid::kLogout: return event::LoggedOut{question.user};
    case Msgid::kRegister:
      return event::Registered{in.read<messages::RegisterReply>(body).id, question.name};
    case Msgid::kOneChat: return read_sent<messages::OneChatReply>(in, message, question);
    case Msgid::kGroupChat: return read_sent<messages::GroupChatReply>(in, message, question);
    case Msgid::kHistory: return read_history(in, body, question);
    case Msgid::kChangePassword:
      return event::PasswordChanged{in.read<messages::ChangePasswordReply>(body).revoked};
    case Msgid::kDeleteAccount: return event::AccountDeleted{};
    case Msgid::kSessions: return read_sessions(in, body);
    case Msgid::kRevokeSession:
      return event::SessionsRevoked{in.read<messages::RevokeSessionReply>(body).revoked};
    case Msgid::kHello:
    case Msgid::kPing: return event::Pong{};
    default: return read_people_reply(in, body, question);
  }
}

event::Presence read_presence(MessageReader& in, const json& body) {
  const auto push = in.read<messages::PresencePush>(body);
  return {push.id, {}, std::string(push.state)};
}

event::Bye read_bye(MessageReader& in, const json& body) {
  const auto push = in.read<messages::ByePush>(body);
  return {std::string(push.reason), push.reconnect_after_ms};
}

event::Announcement read_announcement(MessageReader& in, const json& body) {
  const auto push = in.read<messages::AnnouncementPush>(body);
  return {std::string(push.text), push.ts};
}

// TYPING waits for no answer, so its refusal comes as a push does.
event::Refused read_typing_refusal(MessageReader& in, const json& body) {
  auto out = read_refusal(in, body);
  out.command = kTypingCommand;
  return out;
}

event::Notice read_notice(std::string kind, const json& body) {
  event::Notice out{std::move(kind), {}};
  for (const auto& [name, value] : body.items()) {
    if (name == "msgid" && out.kind != "push") continue;
    out.fields.emplace_back(harmless(name), harmless_json(value.dump()));
  }
  return out;
}

Event::What read_pushed(MessageReader& in, const ServerMessage& message) {
  const json& body = message.body;
  const auto msgid = static_cast<Msgid>(message.msgid);
  if (msgid == Msgid::kTypingPush) return read_typing(in, body);
  if (msgid == protocol::reply_to(Msgid::kTyping)) return read_typing_refusal(in, body);
  switch (msgid) {
    case Msgid::kOneChat:
    case Msgid::kGroupChat: return chat_of(in, in.read<messages::AnyChatPush>(body));
    case Msgid::kError: return read_refusal(in, body);
    case Msgid::kPresence: return read_presence(in, body);
    case Msgid::kContact: return read_contact(in, body);
    case Msgid::kGroup: return read_group_change(in, body);
    case Msgid::kReceipt: return read_receipt(in, body);
    case Msgid::kBye: return read_bye(in, body);
    case Msgid::kAnnouncement: return read_announcement(in, body);
    default: return read_notice("push", body);
  }
}

tl::unexpected<Error> broken(int msgid, std::string_view where) {
  return fail(ErrorCode::kInternal,
              fmt::format("message {} from the server: field '{}' is missing or wrong", msgid,
                          harmless(where)));
}

Result<Event> finish(const MessageReader& in, const ServerMessage& message, Event::What what) {
  if (in.broken()) return broken(message.msgid, in.where());
  return Event{std::move(what), std::string(message.raw)};
}

}  // namespace

Result<ServerMessage> parse_message(std::string_view frame) {
  bool too_deep = false;
  const auto limit_depth = [&too_deep](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > protocol::kJsonMaxDepth;
    return !too_deep;
  };
  ServerMessage out{0, {}, json::parse(frame, limit_depth, false), frame};
  if (too_deep) return fail(ErrorCode::kInternal, "the server sent JSON nested too deeply");
  if (!out.body.is_object()) {
    return fail(ErrorCode::kInternal, "the server sent something that is not a JSON object");
  }
  MessageReader in;
  const auto envelope = in.read<Envelope>(out.body);
  if (!std::in_range<int>(envelope.msgid) || envelope.msgid < 0) return broken(0, "msgid");
  out.msgid = static_cast<int>(envelope.msgid);
  out.cid = text_of(envelope.cid);
  if (in.broken()) return broken(out.msgid, in.where());
  return out;
}

Result<Event> read_reply(const ServerMessage& message, const Question& question) {
  MessageReader in;
  auto refused = read_refusal(in, message.body);
  if (refused.code == 0) {
    auto what = read_success(in, message, question);
    return finish(in, message, std::move(what));
  }
  refused.command = command_name(question);
  refused.target = question.target;
  refused.about = names_in(question);
  return finish(in, message, std::move(refused));
}

Result<Event> read_push(const ServerMessage& message) {
  MessageReader in;
  auto what = read_pushed(in, message);
  return finish(in, message, std::move(what));
}

}  // namespace chat::client

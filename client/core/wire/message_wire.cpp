#include "client/core/wire/message_wire.h"

#include <string>
#include <vector>

#include "chat/protocol/messages/inbox_messages.h"
#include "chat/protocol/messages/revision_messages.h"
#include "chat/protocol/messages/typing_messages.h"
#include "chat/protocol/msgid.h"
#include "client/core/wire/people_wire.h"

namespace chat::client {
namespace {

using nlohmann::json;
namespace messages = protocol::messages;

event::Conversation conversation_of(const messages::ConversationItem& item) {
  event::Conversation out;
  out.target = {item.with.value_or(UserId{}), item.groupid.value_or(GroupId{})};
  out.name = item.name;
  out.unread = item.unread;
  out.mentions = item.mentions;
  out.read_seq = item.read_seq;
  if (item.groupid || item.last.sender == item.with) out.last_seq = item.last.seq;
  out.pinned = item.pinned;
  out.muted = item.muted;
  out.last_by = {item.last.sender, std::string(item.last.name)};
  out.last_text = item.last.msg;
  out.last_ts = item.last.ts;
  out.last_recalled = item.last.recalled.has_value();
  return out;
}

event::Inbox read_inbox(MessageReader& in, const json& body) {
  const auto reply = in.read<messages::InboxReply>(body);
  event::Inbox out;
  for (const messages::ConversationItem& item : reply.conversations) {
    in.require(item.with.has_value() != item.groupid.has_value(), "with");
    out.conversations.push_back(conversation_of(item));
  }
  out.cursor = text_of(reply.cursor);
  return out;
}

event::Readers read_readers(MessageReader& in, const json& body, const Question& question) {
  const auto reply = in.read<messages::ReadersReply>(body);
  event::Readers out{question.where, reply.read, reply.members, {}, text_of(reply.cursor)};
  for (const messages::ReaderItem& each : reply.users)
    out.users.push_back({each.id, std::string(each.name)});
  return out;
}

}  // namespace

event::MessageExtras extras_of(const messages::AnyChatPush& push) {
  event::MessageExtras out;
  if (push.kind == "recall" || push.kind == "edit") out.kind = *push.kind;
  out.ref = push.ref.value_or(0);
  if (push.reply) out.reply = event::ReplyRef{push.reply->id.value_or(UserId{}), push.reply->seq};
  out.at = push.at.value_or(std::vector<UserId>());
  out.at_all = push.at_all;
  out.recalled = push.recalled.has_value();
  out.edited = push.edited.has_value();
  return out;
}

std::optional<Event::What> read_message_reply(MessageReader& in, const json& body,
                                              const Question& question) {
  if (question.request == protocol::Msgid::kInbox) return read_inbox(in, body);
  if (question.request == protocol::Msgid::kReaders) return read_readers(in, body, question);
  event::Done done = done_of(question);
  if (question.request == protocol::Msgid::kRecall) {
    done.seq = in.read<messages::RecallReply>(body).seq;
    return done;
  }
  if (question.request == protocol::Msgid::kEdit) {
    done.seq = in.read<messages::EditReply>(body).seq;
    return done;
  }
  if (question.request == protocol::Msgid::kSetConversation) return done;
  return std::nullopt;
}

event::Typing read_typing(MessageReader& in, const json& body) {
  const auto push = in.read<messages::TypingPush>(body);
  return {push.id, push.groupid.value_or(GroupId{}), push.on};
}

}  // namespace chat::client

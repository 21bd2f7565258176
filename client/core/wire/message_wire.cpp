#include "client/core/wire/message_wire.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/protocol/messages/inbox_messages.h"
#include "chat/protocol/messages/typing_messages.h"
#include "chat/protocol/msgid.h"

namespace chat::client {
namespace {

using nlohmann::json;
using protocol::field;
using protocol::field_list;

// What INBOX lists, as far as it is shown: fields that a server leaves out are taken as empty.
struct LastItem {
  std::optional<UserId> id{};
  std::optional<std::string_view> name{};
  std::optional<std::string_view> msg{};
  std::optional<UnixMillis> ts{};
  static constexpr auto fields() {
    return field_list(field("id", &LastItem::id), field("name", &LastItem::name),
                      field("msg", &LastItem::msg), field("ts", &LastItem::ts));
  }
};
struct ConversationItem {
  std::optional<UserId> with{};
  std::optional<GroupId> groupid{};
  std::optional<std::string_view> name{};
  std::optional<LastItem> last{};
  std::optional<std::int64_t> unread{};
  std::optional<std::int64_t> mentions{};
  bool pinned = false;
  bool muted = false;
  static constexpr auto fields() {
    return field_list(
        field("with", &ConversationItem::with), field("groupid", &ConversationItem::groupid),
        field("name", &ConversationItem::name), field("last", &ConversationItem::last),
        field("unread", &ConversationItem::unread), field("mentions", &ConversationItem::mentions),
        field("pinned", &ConversationItem::pinned), field("muted", &ConversationItem::muted));
  }
};
struct InboxReply {
  std::vector<ConversationItem> conversations{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return field_list(field("conversations", &InboxReply::conversations),
                      field("cursor", &InboxReply::cursor));
  }
};

Seq number_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<Seq>() : 0;
}

UserId user_in(const json& value) {
  const bool fits = value.is_number_integer() && value > 0 && value <= protocol::kIdMax;
  return {fits ? value.get<std::int32_t>() : 0};
}

std::optional<event::ReplyRef> reply_in(const json& message) {
  const auto found = message.find("reply");
  if (found == message.end()) return std::nullopt;
  if (found->is_number_integer()) return event::ReplyRef{{}, found->get<Seq>()};
  if (!found->is_object() || !found->contains("id")) return std::nullopt;
  return event::ReplyRef{user_in((*found)["id"]), number_in(*found, "seq")};
}

event::Conversation conversation_of(const ConversationItem& item) {
  event::Conversation out;
  out.target = {item.with.value_or(UserId{}), item.groupid.value_or(GroupId{})};
  out.name = text_of(item.name);
  out.unread = item.unread.value_or(0);
  out.mentions = item.mentions.value_or(0);
  out.pinned = item.pinned;
  out.muted = item.muted;
  if (item.last) {
    out.last_by = {item.last->id.value_or(UserId{}), text_of(item.last->name)};
    out.last_text = text_of(item.last->msg);
    out.last_ts = item.last->ts.value_or(0);
  }
  return out;
}

event::Inbox read_inbox(MessageReader& in, const json& body) {
  const auto reply = in.read<InboxReply>(body);
  event::Inbox out;
  for (const ConversationItem& item : reply.conversations) {
    in.require(item.with.has_value() != item.groupid.has_value(), "with");
    out.conversations.push_back(conversation_of(item));
  }
  out.cursor = text_of(reply.cursor);
  return out;
}

event::Readers read_readers(MessageReader& in, const json& body, const Question& question) {
  const auto reply = in.read<protocol::messages::ReadersReply>(body);
  event::Readers out{question.where, reply.read, reply.members, {}, text_of(reply.cursor)};
  for (const protocol::messages::ReaderItem& each : reply.users)
    out.users.push_back({each.id, std::string(each.name)});
  return out;
}

}  // namespace

event::MessageExtras extras_of(const json& message) {
  event::MessageExtras out;
  const auto kind = message.find("kind");
  if (kind != message.end() && (*kind == "recall" || *kind == "edit")) out.kind = *kind;
  out.ref = number_in(message, "ref");
  out.reply = reply_in(message);
  if (const auto at = message.find("at"); at != message.end() && at->is_array()) {
    for (const json& each : *at) out.at.push_back(user_in(each));
  }
  const auto all = message.find("at_all");
  out.at_all = all != message.end() && *all == true;
  out.recalled = message.contains("recalled");
  out.edited = message.contains("edited");
  return out;
}

std::optional<Event::What> read_message_reply(MessageReader& in, const json& body,
                                              const Question& question) {
  if (question.request == protocol::Msgid::kInbox) return read_inbox(in, body);
  if (question.request == protocol::Msgid::kReaders) return read_readers(in, body, question);
  if (question.request == protocol::Msgid::kRecall || question.request == protocol::Msgid::kEdit ||
      question.request == protocol::Msgid::kSetConversation) {
    return event::Done{question.command, question.who, question.where};
  }
  return std::nullopt;
}

event::Typing read_typing(MessageReader& in, const json& body) {
  const auto push = in.read<protocol::messages::TypingPush>(body);
  return {push.id, push.groupid.value_or(GroupId{}), push.on};
}

}  // namespace chat::client

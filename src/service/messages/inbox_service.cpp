#include "service/messages/inbox_service.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "chat/delivery/push_json.h"
#include "chat/delivery/recipients.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/protocol/limits.h"
#include "chat/session/wait.h"
#include "chat/storage/conversation_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/message_model.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/session_fence.h"

namespace chat::service {
namespace {

using protocol::key_of;
using session::Session;
using storage::Conversation;
using storage::InboxModel;
using storage::MessageModel;

constexpr std::size_t kInboxDefaultLimit = 50;
// The size of the reply without the list.
constexpr std::size_t kInboxEnvelopeBytes = 512;
// What looking at one conversation costs the client's byte rate.
constexpr std::int64_t kConversationBytes = 32;

std::size_t inbox_limit_of(const messages::Inbox& request) {
  return request.limit ? static_cast<std::size_t>(*request.limit) : kInboxDefaultLimit;
}

InboxCursor inbox_cursor_at(const Conversation& item) {
  return {item.time(), static_cast<bool>(item.group),
          item.group ? item.group.value : item.with.value};
}

// The conversations after `after`, in order, and one more than requested if there is one.
std::vector<Conversation> part_of(std::vector<Conversation> all,
                                  const std::optional<InboxCursor>& after, std::size_t limit) {
  if (after) {
    std::erase_if(all,
                  [&](const Conversation& item) { return !after->before(inbox_cursor_at(item)); });
  }
  const std::size_t count = std::min(all.size(), limit + 1);
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [](const Conversation& a, const Conversation& b) {
                      return inbox_cursor_at(a).before(inbox_cursor_at(b));
                    });
  all.resize(count);
  return all;
}

// What follows from the user's own messages, and is not in the table, perhaps because the server
// that was to write it has crashed.
std::vector<storage::CursorMove> found_positions(UserId self, std::span<const Conversation> items) {
  std::vector<storage::CursorMove> found;
  for (const Conversation& item : items) {
    if (item.read > item.stored_read) found.push_back({self, item.with, item.group, 0, item.read});
  }
  return found;
}

// The messages at these places, as JSON, by conversation.
class LastMessages {
 public:
  Result<void> read(storage::Connection& connection, UserId self,
                    std::span<const Conversation> items);
  const storage::DirectMessage* direct(const Conversation& item) const {
    const auto found = direct_.find(item.with);
    return found == direct_.end() ? nullptr : &found->second;
  }
  const storage::GroupMessage* group(const Conversation& item) const {
    const auto found = groups_.find(item.group);
    return found == groups_.end() ? nullptr : &found->second;
  }
  const std::string& name(GroupId group) { return names_[group]; }

 private:
  std::unordered_map<UserId, storage::DirectMessage> direct_;  // by the other user
  std::unordered_map<GroupId, storage::GroupMessage> groups_;
  std::unordered_map<GroupId, std::string> names_;
};

Result<void> LastMessages::read(storage::Connection& connection, UserId self,
                                std::span<const Conversation> items) {
  std::vector<MessageModel::DirectPlace> direct;
  std::vector<MessageModel::GroupPlace> places;
  std::vector<GroupId> groups;
  for (const Conversation& item : items) {
    if (item.group) {
      places.push_back({item.group, item.newest});
      groups.push_back(item.group);
    } else if (item.last_is_own()) {
      direct.push_back({{item.with, self}, item.own_newest});
    } else {
      direct.push_back({{self, item.with}, item.newest});
    }
  }
  MessageModel messages(connection);
  auto direct_rows = messages.direct_at(direct);
  if (!direct_rows) return fail(direct_rows);
  for (auto& row : *direct_rows) {
    direct_.emplace(row.sender == self ? row.recipient : row.sender, std::move(row));
  }
  auto group_rows = messages.group_at(places);
  if (!group_rows) return fail(group_rows);
  for (auto& row : *group_rows) groups_.emplace(row.group, std::move(row));
  auto found = storage::GroupModel(connection).find(std::span<const GroupId>(groups));
  if (!found) return fail(found);
  for (auto& group : *found) names_.emplace(group.id, std::move(group.name));
  return {};
}

std::string item_json(const Conversation& item, std::string_view name, std::string_view last) {
  using Item = messages::ConversationItem;
  std::string text;
  protocol::JsonWriter json(text);
  json.begin_object();
  if (item.group) {
    json.field(key_of(&Item::groupid), item.group.value);
  } else {
    json.field(key_of(&Item::with), item.with.value);
  }
  json.field(key_of(&Item::name), name).key(key_of(&Item::last)).raw(last);
  json.field(key_of(&Item::unread), item.unread).field(key_of(&Item::mentions), item.mentions);
  json.field(key_of(&Item::read_seq), item.read).field(key_of(&Item::pinned), item.pinned);
  json.field(key_of(&Item::muted), item.muted).end_object();
  return text;
}

std::optional<protocol::Refusal> setting_fault(const messages::SetConversation& request) {
  if (request.with.has_value() == request.groupid.has_value()) {
    return bad_field("one of with and groupid must be given");
  }
  if (!request.pinned && !request.muted && !request.hidden) {
    return bad_field("one of pinned, muted and hidden must be given");
  }
  return std::nullopt;
}

// Decodes the cursor of a list of readers: the last one's id. Nothing if invalid.
std::optional<UserId> reader_of(const std::optional<std::string>& cursor) {
  if (!cursor) return UserId{};
  UserId last;
  const char* const end = cursor->data() + cursor->size();
  const auto [stop, error] = std::from_chars(cursor->data(), end, last.value);
  if (error != std::errc() || stop != end || last.value < 1) return std::nullopt;
  return last;
}

}  // namespace

// A READ that came before takes effect in the loop, and is in the table a moment later.
session::Coroutine<> InboxService::inbox(std::shared_ptr<Session> session,
                                         Received<messages::Inbox> request) {
  const std::size_t limit = inbox_limit_of(request);
  if (limit < 1 || limit > protocol::kInboxMax) {
    co_return refuse(
        *session, request,
        bad_field("limit must be an integer from 1 to " + std::to_string(protocol::kInboxMax)));
  }
  if (request.cursor && !decode_inbox(*request.cursor)) {
    co_return refuse(*session, request, bad_field("cursor is not one of this list"));
  }
  if (!admit(context_, *session, request, Action::kSeeInbox)) co_return;
  using Reads = std::vector<storage::CursorMove>;
  session::Wait<Reads> wait(session->strand());
  context_.delivery.recipients().reads(
      session, session->identity().user,
      [answer = wait.answer()](Reads reads) { (void)answer(std::move(reads)); });
  const auto reads = co_await wait;
  send_page(*session, request, reads.value_or(Reads()));
}

void InboxService::send_page(Session& session, const Received<messages::Inbox>& request,
                             std::span<const storage::CursorMove> reads) {
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const auto page = read_page(**lease, session.identity().user, request, reads);
  if (!page) return refuse(session, request, page.error());
  context_.delivery.positions_found(page->found);
  session.post_to_loop([self = session.shared_from_this(),
                        bytes = static_cast<std::int64_t>(page->examined) * kConversationBytes] {
    self->socket().charge(bytes);
  });
  OkReply reply(request);
  reply.json().key(key_of(&messages::InboxReply::conversations)).begin_array();
  for (const std::string& item : page->conversations) reply.json().raw(item);
  reply.json().end_array();
  if (!page->cursor.empty()) {
    reply.json().field(key_of(&messages::InboxReply::cursor), std::string_view(page->cursor));
  }
  reply.send(session);
}

// In one snapshot, because the counts are differences.
Result<InboxService::Page> InboxService::read_page(storage::Connection& connection, UserId self,
                                                   const messages::Inbox& request,
                                                   std::span<const storage::CursorMove> reads) {
  std::optional<InboxCursor> after;
  if (request.cursor) after = decode_inbox(*request.cursor);
  auto snapshot = storage::Transaction::begin(connection, storage::TransactionKind::kRead);
  if (!snapshot) return fail(snapshot);
  InboxModel model(connection);
  auto all = model.conversations(self);
  if (!all) return fail(all);
  Page page;
  page.examined = all->size();
  const std::size_t limit = inbox_limit_of(request);
  auto items = part_of(std::move(*all), after, limit);
  if (items.size() > limit) {
    items.pop_back();
    page.cursor = encode(inbox_cursor_at(items.back()));
  }
  if (auto counted = model.count(self, items, reads); !counted) return fail(counted);
  page.found = found_positions(self, items);
  if (auto written = write_items(connection, self, items, page); !written) return fail(written);
  return page;
}

Result<void> InboxService::write_items(storage::Connection& connection, UserId self,
                                       const std::vector<Conversation>& items, Page& page) {
  LastMessages last;
  if (auto read = last.read(connection, self, items); !read) return read;
  std::size_t room = protocol::kReplyMaxBytes - kInboxEnvelopeBytes;
  const Conversation* before = nullptr;
  for (const Conversation& item : items) {
    const storage::DirectMessage* direct = item.group ? nullptr : last.direct(item);
    const storage::GroupMessage* group = item.group ? last.group(item) : nullptr;
    if (direct == nullptr && group == nullptr) continue;
    const auto sender = name_of(connection, direct != nullptr ? direct->sender : group->sender);
    if (!sender) return fail(sender);
    const auto other =
        item.group ? Result<std::string>(last.name(item.group)) : name_of(connection, item.with);
    if (!other) return fail(other);
    auto json = item_json(item, *other,
                          direct != nullptr ? delivery::push_json(*direct, *sender)
                                            : delivery::push_json(*group, *sender));
    if (json.size() + 1 > room && before != nullptr) {
      page.cursor = encode(inbox_cursor_at(*before));
      return {};
    }
    room -= std::min(room, json.size() + 1);
    page.conversations.push_back(std::move(json));
    before = &item;
  }
  return {};
}

void InboxService::set_conversation(Session& session,
                                    const Received<messages::SetConversation>& request) {
  if (auto fault = setting_fault(request)) return refuse(session, request, *fault);
  const auto action = request.with ? Action::kSetConversation : Action::kSetGroupConversation;
  const Object object{request.with.value_or(UserId{}), request.groupid.value_or(GroupId{})};
  if (!admit(context_, session, request, action, object)) return;
  const session::Identity& who = session.identity();
  const storage::ConversationKey key{who.user, object.user, object.group};
  const storage::ConversationChange change{request.pinned, request.muted, request.hidden};
  const auto done = transact_fenced(
      context_.pool, who, Fence{},
      [&](storage::Connection& connection, bool /*repeated*/) -> Outcome<void> {
        const auto changed = storage::ConversationModel(connection).change(key, change);
        if (!changed) return failed(changed);
        if (*changed) return {};
        return refused(protocol::Errno::kNotFound, "there is no such conversation");
      });
  if (!done) return refuse(session, request, done.error());
  send_reply(session, request, messages::SetConversationReply{});
}

void InboxService::readers(Session& session, const Received<messages::Readers>& request) {
  const auto after = reader_of(request.cursor);
  if (!after) return refuse(session, request, bad_field("cursor is not one of this list"));
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const auto grant =
      admit(context_, session, request, Action::kReadGroup, {.group = request.groupid}, &**lease);
  if (!grant) return;
  InboxModel model(**lease);
  const auto author = model.author(request.groupid, request.seq);
  if (!author) return refuse(session, request, author.error());
  const bool readable =
      request.seq > grant->joined_seq && (grant->left_seq == 0 || request.seq <= grant->left_seq);
  if (!readable || !*author) return refuse(session, request, not_found("there is no such message"));
  const InboxModel::Message message{request.groupid, request.seq, **author};
  const auto counts = model.count_readers(message);
  if (!counts) return refuse(session, request, counts.error());
  const auto users = model.readers(message, *after, protocol::kReadersMax + 1);
  if (!users) return refuse(session, request, users.error());
  messages::ReadersReply reply{.read = counts->read, .members = counts->members};
  for (const auto& user : std::span(*users).first(std::min(users->size(), protocol::kReadersMax))) {
    reply.users.push_back({user.id, user.name});
  }
  std::string cursor;
  if (users->size() > protocol::kReadersMax) {
    reply.cursor = cursor = std::to_string(reply.users.back().id.value);
  }
  send_reply(session, request, reply);
}

Result<std::string> InboxService::name_of(storage::Connection& connection, UserId user) {
  auto name = context_.delivery.user_names().name_of(user, connection);
  if (!name) return fail(name);
  return *name ? **name : std::string();
}

}  // namespace chat::service

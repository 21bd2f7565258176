#include "service/login/login_reply.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "chat/protocol/classic.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/login_messages.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/group_model.h"

namespace chat::service {
namespace {

using messages::LoginReply;
using protocol::key_of;

// The space for offline messages in the reply; at least one message is included.
constexpr std::size_t kFirstPageBytes = 16 * 1024;
// The space for the fields after the lists.
constexpr std::size_t kReplyTailBytes = 1024;

bool fits(const OkReply& reply, std::size_t bytes) {
  return reply.size() + bytes + kReplyTailBytes <= protocol::kReplyMaxBytes;
}

// Both add items while they fit. True if all did.
bool write_groups(OkReply& reply, const std::vector<std::shared_ptr<const std::string>>& items) {
  reply.json().key(key_of(&LoginReply::groups)).begin_array();
  bool complete = true;
  for (const auto& item : items) {
    complete = fits(reply, item->size());
    if (!complete) break;
    reply.json().raw(*item);
  }
  reply.json().end_array();
  return complete;
}

bool write_friends(OkReply& reply, const std::vector<storage::Friend>& friends) {
  reply.json().key(key_of(&LoginReply::friends)).begin_array();
  bool complete = true;
  std::string text;
  for (const storage::Friend& item : friends) {
    text.clear();
    protocol::JsonWriter json(text);
    protocol::write_value(json, item_of(item));
    complete = fits(reply, text.size());
    if (!complete) break;
    reply.json().raw(text);
  }
  reply.json().end_array();
  return complete;
}

Result<void> read_friends(storage::Connection& connection, std::span<const UserId> users,
                          ListsByUser& lists) {
  auto listed = storage::FriendModel(connection).list(users);
  if (!listed) return fail(listed);
  for (storage::Listed& item : *listed) {
    lists[item.user].friends.push_back(std::move(item.item));
  }
  for (auto& [user, of_user] : lists) {
    auto& friends = of_user.friends;
    std::sort(friends.begin(), friends.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    if (friends.size() > protocol::kFriendsMax) friends.resize(protocol::kFriendsMax);
  }
  return {};
}

// Groups as JSON, shared by many users; each is read when first needed.
class GroupTexts {
 public:
  explicit GroupTexts(storage::Connection& connection) : model_(connection) {}

  Result<void> open(const std::vector<storage::Membership>& memberships) {
    std::vector<GroupId> ids;
    ids.reserve(memberships.size());
    for (const storage::Membership& item : memberships) ids.push_back(item.group);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    auto groups = model_.find(ids);
    if (!groups) return fail(groups);
    for (storage::Group& group : *groups) {
      const GroupId id = group.id;
      groups_[id].group = std::move(group);
    }
    return {};
  }

  Result<std::shared_ptr<const std::string>> text(GroupId id) {
    Entry& entry = groups_[id];
    if (entry.text != nullptr) return entry.text;
    const auto users = model_.members(id, UserId{}, protocol::kGroupUsersInReply);
    if (!users) return fail(users);
    std::string text;
    protocol::JsonWriter json(text);
    protocol::write_value(json, item_of(entry.group, *users));
    entry.text = std::make_shared<const std::string>(std::move(text));
    return entry.text;
  }

 private:
  struct Entry {
    storage::Group group;
    std::shared_ptr<const std::string> text;
  };
  storage::GroupModel model_;
  std::unordered_map<GroupId, Entry> groups_;
};

Result<void> read_groups(storage::Connection& connection, std::span<const UserId> users,
                         ListsByUser& lists) {
  auto memberships = storage::GroupModel(connection).memberships(users);
  if (!memberships) return fail(memberships);
  std::sort(memberships->begin(), memberships->end(), [](const auto& a, const auto& b) {
    return std::tie(a.user, a.group) < std::tie(b.user, b.group);
  });
  GroupTexts texts(connection);
  if (auto opened = texts.open(*memberships); !opened) return opened;
  std::unordered_map<UserId, std::size_t> bytes;
  for (const storage::Membership& item : *memberships) {
    if (bytes[item.user] > protocol::kReplyMaxBytes) continue;
    auto text = texts.text(item.group);
    if (!text) return fail(text);
    bytes[item.user] += (*text)->size();
    lists[item.user].groups.push_back(std::move(*text));
  }
  return {};
}

// Pushes are read stream by stream but shown in order of time. The sort is stable, and times never
// decrease within a stream.
void sort_by_time(std::vector<delivery::Push>& pushes) {
  std::stable_sort(pushes.begin(), pushes.end(),
                   [](const auto& a, const auto& b) { return a.sent_at < b.sent_at; });
}

}  // namespace

Result<Pending> read_pending(delivery::Backlog& backlog, UserId user,
                             std::vector<delivery::StreamPosition> positions) {
  std::vector<delivery::Want> wants;
  for (const auto& position : positions) {
    if (position.head > position.delivered) wants.push_back({position.stream, position.delivered});
  }
  if (wants.empty()) return Pending{std::move(positions), {}, false};
  auto page = backlog.read(user, wants, kFirstPageBytes);
  if (!page) return fail(page);
  // The user's own group messages are not pending.
  std::erase_if(page->pushes, [user](const delivery::Push& push) {
    return push.stream.is_group() && push.sender == user;
  });
  sort_by_time(page->pushes);
  return Pending{std::move(positions), std::move(page->pushes), page->ended.size() < wants.size()};
}

Result<void> read_lists(storage::Connection& connection, std::span<const UserId> users,
                        ListsByUser& lists) {
  if (auto read = read_friends(connection, users, lists); !read) return read;
  return read_groups(connection, users, lists);
}

void write_login_reply(OkReply& reply, UserId user, std::string_view name, std::string_view token,
                       const Pending& pending, const Lists& lists, std::string_view node) {
  reply.json()
      .field(key_of(&LoginReply::id), user.value)
      .field(key_of(&LoginReply::name), name)
      .field(key_of(&LoginReply::token), token);
  reply.json().key(key_of(&LoginReply::offlinemsg)).begin_array();
  for (const delivery::Push& push : pending.first_page) reply.json().raw(*push.json);
  reply.json().end_array();
  const bool all_friends = write_friends(reply, lists.friends);
  const bool all_groups = write_groups(reply, lists.groups);
  reply.json()
      .field(key_of(&LoginReply::more), pending.more)
      .field(key_of(&LoginReply::more_friends), !all_friends)
      .field(key_of(&LoginReply::more_groups), !all_groups)
      .field(key_of(&LoginReply::node), node)
      .field(key_of(&LoginReply::heartbeat_ms),
             std::int64_t{std::chrono::milliseconds(protocol::kHeartbeatInterval).count()});
}

void trim_to_classic(const OkReply& reply, protocol::ClassicNumbers numbers, Pending& pending) {
  const auto welcome = protocol::to_classic_welcome(reply.unfinished() + "}", numbers);
  const auto first_left_out =
      pending.first_page.begin() + static_cast<std::ptrdiff_t>(welcome.offline_count);
  pending.first_page.erase(first_left_out, pending.first_page.end());
}

}  // namespace chat::service

#include "login_reply.h"

#include <algorithm>
#include <string>
#include <utility>

#include "chat/protocol/limits.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/group_model.h"

namespace chat::service {
namespace {

// Room for offline messages in the answer; at least one message is in it.
constexpr std::size_t kFirstPageBytes = 16 * 1024;
// Room for the fields that come after the lists.
constexpr std::size_t kTailBytes = 1024;

bool fits(const OkReply& reply, std::size_t bytes) {
  return reply.size() + bytes + kTailBytes <= protocol::kReplyMaxBytes;
}

// Adds items, each as JSON of its own, while they fit. True: all of them did.
template <typename Items, typename Write>
Result<bool> write_list(OkReply& reply, std::string_view name, const Items& items,
                        const Write& write) {
  reply.json().key(name).begin_array();
  bool complete = true;
  for (const auto& item : items) {
    std::string text;
    protocol::JsonWriter json(text);
    if (Result<void> written = write(json, item); !written) return fail(written);
    complete = fits(reply, text.size());
    if (!complete) break;
    reply.json().raw(text);
  }
  reply.json().end_array();
  return complete;
}

Result<bool> write_friends(OkReply& reply, storage::Connection& connection, UserId user) {
  auto friends = storage::FriendModel(connection).list(user, UserId{}, protocol::kFriendsMax);
  if (!friends) return fail(friends);
  return write_list(reply, "friends", *friends, [](auto& json, const storage::Friend& item) {
    write_friend(json, item);
    return Result<void>();
  });
}

Result<bool> write_groups(OkReply& reply, storage::Connection& connection, UserId user) {
  storage::GroupModel model(connection);
  auto groups = model.groups_of(user, GroupId{}, protocol::kGroupsMax);
  if (!groups) return fail(groups);
  return write_list(reply, "groups", *groups,
                    [&model](auto& json, const storage::Group& group) -> Result<void> {
                      auto users = model.members(group.id, UserId{}, protocol::kGroupUsersInReply);
                      if (!users) return fail(users);
                      write_group(json, group, *users);
                      return {};
                    });
}

// Pushes are read stream by stream; people want them in the order of time. The sort is stable,
// and time never goes back within a stream.
void sort_by_time(std::vector<delivery::Push>& pushes) {
  std::stable_sort(pushes.begin(), pushes.end(),
                   [](const auto& a, const auto& b) { return a.sent_at < b.sent_at; });
}

}  // namespace

Result<Pending> read_pending(delivery::Backlog& backlog, UserId user) {
  auto positions = backlog.positions(user);
  if (!positions) return fail(positions);
  std::vector<delivery::Want> wants;
  for (const auto& position : *positions) {
    if (position.head > position.delivered) wants.push_back({position.stream, position.delivered});
  }
  auto page = backlog.read(user, wants, kFirstPageBytes);
  if (!page) return fail(page);
  // One's own group messages are not pending.
  std::erase_if(page->pushes, [user](const delivery::Push& push) {
    return push.stream.is_group() && push.sender == user;
  });
  sort_by_time(page->pushes);
  return Pending{std::move(*positions), std::move(page->pushes), page->ended.size() < wants.size()};
}

Result<void> write_login_reply(OkReply& reply, storage::Connection& connection,
                               const storage::User& user, std::string_view token,
                               const Pending& pending, std::string_view node) {
  reply.json()
      .field("id", user.id.value)
      .field("name", std::string_view(user.name))
      .field("token", token);
  reply.json().key("offlinemsg").begin_array();
  for (const delivery::Push& push : pending.first_page) reply.json().raw(*push.json);
  reply.json().end_array();
  auto all_friends = write_friends(reply, connection, user.id);
  if (!all_friends) return fail(all_friends);
  auto all_groups = write_groups(reply, connection, user.id);
  if (!all_groups) return fail(all_groups);
  reply.json()
      .field("more", pending.more)
      .field("more_friends", !*all_friends)
      .field("more_groups", !*all_groups)
      .field("node", node)
      .field("heartbeat_ms",
             std::int64_t{std::chrono::milliseconds(protocol::kHeartbeatInterval).count()});
  return {};
}

}  // namespace chat::service

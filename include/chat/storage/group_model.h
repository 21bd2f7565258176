#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Tables `allgroup` and `groupuser`: what is read, and a group's creation. Everything else that
// changes a group is in GroupLifeModel. Members are those who have not left. Calls block.
class GroupModel {
 public:
  explicit GroupModel(Connection& connection) : connection_(connection) {}

  // Adds the group and its creator's membership; call inside a write transaction. Nothing if the
  // name is taken.
  Result<std::optional<GroupId>> create(std::string_view name, std::string_view desc,
                                        UserId creator);
  // The group of this name if the user created it. Locks the row; call inside a write transaction.
  Result<std::optional<GroupId>> created_by_locked(std::string_view name, UserId creator);

  // Erases all memberships of a user whose account is deleted. Call inside a write transaction.
  Result<void> erase_all(UserId user);

  Result<std::optional<Group>> find(GroupId group);
  // All that exist, in no order.
  Result<std::vector<Group>> find(std::span<const GroupId> groups);
  Result<bool> is_member(GroupId group, UserId user);
  // What decides whether a member may write: its newest session, and its rights.
  struct Writer {
    GroupId group;
    UserId user;
    SessionEpoch newest = 0;
    GroupRole role = GroupRole::kNormal;
    UnixMillis muted_until = 0;
    Seq joined_seq = 0;  // where the group's stream begins for it
  };
  // Of those who are members, in no order.
  Result<std::vector<Writer>> writers(std::span<const Membership> members);
  // What decides whether others see a member typing.
  struct Speaker {
    GroupId group;
    UserId user;
    GroupRole role = GroupRole::kNormal;
    UnixMillis muted_until = 0;
    UnixMillis group_muted_until = 0;
    bool dismissed = false;
  };
  // Of those who are members, in no order.
  Result<std::vector<Speaker>> speakers(std::span<const Membership> members);
  // Which messages a member or former member may read: joined_seq < seq, and seq <= left_seq unless
  // that is 0. Nothing if the user was never a member.
  struct Readable {
    Seq joined_seq = 0;
    Seq left_seq = 0;
  };
  Result<std::optional<Readable>> readable(GroupId group, UserId user);
  // Where the group's stream begins for this member; nothing if the user is not one.
  Result<std::optional<Seq>> joined_seq(GroupId group, UserId user);
  // The same; locks the row. Call inside a write transaction.
  Result<std::optional<Seq>> joined_seq_locked(GroupId group, UserId user);
  // At most `limit` groups with ids after `after`, by id.
  Result<std::vector<GroupOfMember>> groups_of(UserId user, GroupId after, std::size_t limit);
  // The memberships of all these users, in no order.
  Result<std::vector<Membership>> memberships(std::span<const UserId> users);
  Result<std::size_t> count_of(UserId user);
  // At most `limit` members with ids after `after`, by id.
  Result<std::vector<GroupMember>> members(GroupId group, UserId after, std::size_t limit);

 private:
  Connection& connection_;
};

}  // namespace chat::storage

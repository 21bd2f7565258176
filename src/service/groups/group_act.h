#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/storage/database.h"
#include "chat/storage/group_life_model.h"
#include "chat/storage/values.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/gate.h"

namespace chat::service {

// Who changes a group. `cid` is unique and names the act: an attempt that was committed is
// recognised by it.
struct GroupActor {
  UserId user;
  std::string name;
  std::string cid;
};

// A new name for an act: no request's cid, because clients may use that again for something else.
std::string new_act_cid();

// The rows of the act whose first row is `first`, and perhaps those of its actor's next act.
Result<std::vector<storage::GroupMessage>> events_from(storage::Connection& connection,
                                                       const storage::GroupMessage& first);

// What has become of a group, to be told after the COMMIT.
struct GroupChange {
  std::vector<storage::GroupMessage> events;  // stored, ascending
  struct Member {
    UserId user;
    std::string name;
    bool joined = false;  // otherwise it left
    Seq joined_seq = 0;
  };
  std::vector<Member> members;  // who have joined or left
  bool repeated = false;        // an earlier attempt did it
  bool any() const { return repeated || !events.empty(); }
};

// One change of a group, inside a write transaction. open() locks the group; then the caller checks
// the rights by authorize_in_group(), changes the tables by the member functions, each of which
// writes its event row, and takes the outcome.
// Threading: confined to the transaction's thread. Ownership: all references outlive it.
class GroupAct {
 public:
  using State = storage::GroupLifeModel::State;
  using Member = storage::GroupLifeModel::Member;

  GroupAct(storage::Connection& connection, delivery::UserNameCache& names, const GroupActor& actor,
           UnixMillis now)
      : connection_(connection), life_(connection), names_(names), actor_(actor), now_(now) {}

  // Locks the group. True: an earlier attempt of this act was committed, and there is nothing left
  // to do. Refuses not_found if there is no such group.
  Outcome<bool> open(GroupId group);

  storage::Connection& connection() { return connection_; }
  storage::GroupLifeModel& life() { return life_; }
  const State& state() const { return state_; }
  const GroupActor& actor() const { return actor_; }
  UnixMillis now() const { return now_; }

  // The actor, who must be a member; otherwise not_found.
  Outcome<Member> self();
  // Another user. Nothing if it was never a member; a former member has a left_seq.
  Outcome<std::optional<Member>> other(UserId user);
  // The name for event texts; empty for a deleted account.
  Outcome<std::string> name_of(UserId user);

  Outcome<void> add_member(UserId user);
  // The actor leaves, or removes the user.
  Outcome<void> end_member(UserId user);
  Outcome<void> set_role(UserId user, storage::GroupRole role);
  Outcome<void> hand_over(UserId user);
  // 0: ends the mute.
  Outcome<void> mute(UserId user, std::int64_t seconds);
  Outcome<void> mute_all(std::int64_t seconds);
  // False: the name is taken.
  Outcome<bool> change_settings(const storage::Group& changed);
  Outcome<void> dismiss();
  // The actor's account is deleted. A group that it created is handed over to the oldest admin,
  // else to the oldest member, else dismissed.
  Outcome<void> leave_for_good();

  // Stores the event row of a recall or an edit of the message `ref`, and returns it.
  Outcome<storage::GroupMessage> revise(std::string_view kind, Seq ref, std::string fields,
                                        std::string text);

  GroupChange take() { return std::move(change_); }

 private:
  using Notice = protocol::messages::Notice;
  Outcome<void> tell(const Notice& notice, std::string text, UserId ended = {});
  Outcome<void> append(storage::GroupMessage event);

  storage::Connection& connection_;
  storage::GroupLifeModel life_;
  delivery::UserNameCache& names_;
  const GroupActor& actor_;
  const UnixMillis now_;
  State state_;
  GroupChange change_;
};

// False if the user was never a member, or is one no longer.
inline bool is_member(const std::optional<GroupAct::Member>& member) {
  return member && member->left_seq == 0;
}

// authorize_in_group() as an outcome.
Outcome<void> check_in_group(Action action, const Standing& standing);

}  // namespace chat::service

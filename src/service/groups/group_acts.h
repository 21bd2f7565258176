#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"
#include "service/dispatch/settle_queue.h"
#include "service/groups/group_act.h"

namespace chat::service {

// Tells everybody concerned about a committed change: new members' sessions, and the group.
void tell_change(const ServiceEnvironment& environment, std::string_view actor_name, GroupId group,
                 const GroupChange& change);

// True only under the sabotage that does not read back such changes after a lost answer.
bool forgets(Action action);

// Checks and makes a change; runs inside the transaction, possibly several times. Writes nothing if
// what is asked for holds already.
using GroupWork = std::function<Outcome<void>(GroupAct&)>;

// One attempt of a change, inside a write transaction; does nothing if an earlier attempt was
// committed. `members` carries who has joined or left from one attempt to the next, because the
// tables do not tell it.
Outcome<GroupChange> attempt_change(const ServiceEnvironment& environment,
                                    storage::Connection& connection, const GroupActor& actor,
                                    GroupId group, const GroupWork& work,
                                    std::vector<GroupChange::Member>& members);

// What some changes of groups need besides.
struct ActOptions {
  std::optional<UserId> other{};  // who is let in or invited, and must not be deleted meanwhile
  // Called if the outcome of the COMMIT is unknown: how to find it out, for an act that writes no
  // event row.
  std::function<SettleQueue::Look()> look{};
};

// Runs changes of groups: the transaction, the reply, and what others must learn. If the outcome of
// the COMMIT is unknown, the reply is `unavailable`, and the change is told as soon as the tables
// show it.
// Threading: thread-safe. Blocks on the database.
class GroupActs {
 public:
  explicit GroupActs(ServiceContext& context) : context_(context) {}

  // Sends the reply; called after the COMMIT.
  using Reply = std::function<void(const GroupChange&)>;

  // Returns true if the request was successful.
  bool run(session::Session& session, const RequestHead& request, Action action, GroupId group,
           const GroupWork& work, const Reply& reply, const ActOptions& options = {});

 private:
  void hand_out(session::Session& session, GroupId group, const GroupChange& change);
  void settle(session::Session& session, const GroupActor& actor, GroupId group,
              std::vector<GroupChange::Member> members, SettleQueue::Look look);

  ServiceContext& context_;
};

}  // namespace chat::service

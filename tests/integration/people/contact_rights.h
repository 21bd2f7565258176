#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/clients/user.h"

// What two users may do to each other, restated from PROTOCOL.md for tests, independently of the
// server.
namespace chat::test::rights {

// What the other user is to the one who acts.
enum class Relation {
  kStranger,
  kMine,     // in the actor's list
  kTheirs,   // lists the actor
  kMutual,   // both
  kBlocked,  // by the actor
  kBlocker,  // has blocked the actor
  kBothBlocked,
  kApproval,           // must approve requests
  kPending,            // the same, and the actor has asked
  kRefused,            // the same, and the request was refused
  kAsker,              // has asked the actor, who must approve
  kNobody,             // may not be added
  kFriendsOnly,        // accepts messages from friends, and does not list the actor
  kFriendsOnlyMine,    // the same, and is in the actor's list
  kFriendsOnlyTheirs,  // accepts messages from friends, and lists the actor
  kDeleted,
  kUnknown,
  kSelf,
};
inline constexpr std::size_t kRelations = static_cast<std::size_t>(Relation::kSelf) + 1;

// `group`: one that the actor has created.
struct ContactAct {
  const char* name;
  Json (*request)(std::int64_t other, std::int64_t group);
};
std::span<const ContactAct> contact_acts();

// One row per relation: its name, and for each act the errno of the first attempt and of the same
// request sent again.
struct ContactRow {
  const char* name;
  std::vector<std::pair<int, int>> answers;
};
const ContactRow& row_of(Relation relation);

// Makes the relation by requests of the two.
void relate(Relation relation, User& actor, User& other);

}  // namespace chat::test::rights

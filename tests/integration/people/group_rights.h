#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "support/clients/user.h"

// What users may do in a group, restated from PROTOCOL.md for tests, independently of the server.
namespace chat::test::rights {

// What a user is to the group. Applicants have asked to join, and wait.
enum class Role { kCreator, kAdmin, kMember, kMuted, kOutsider, kFormer, kApplicant, kInvited };
inline constexpr Role kRoles[] = {Role::kCreator,  Role::kAdmin,  Role::kMember,    Role::kMuted,
                                  Role::kOutsider, Role::kFormer, Role::kApplicant, Role::kInvited};
const char* name_of(Role role);

// To whom it is done: another user of that role; or one of the rest.
struct Target {
  enum class Kind { kNone, kOther, kSelf, kUnknown, kDeleted };
  Kind kind = Kind::kNone;
  Role role = Role::kOutsider;  // of kOther
};

enum class State { kOpen, kApproval, kInvite, kDismissed };
inline constexpr State kStates[] = {State::kOpen, State::kApproval, State::kInvite,
                                    State::kDismissed};
const char* name_of(State state);
void PrintTo(State state, std::ostream* out);  // for GoogleTest

enum class Act {
  kChat,
  kReadHistory,
  kSync,
  kSeeMembers,
  kJoin,
  kLeave,
  kMuteAll,
  kUnmuteAll,
  kAnnounce,
  kMakeCode,
  kDismiss,
  kRemove,  // the first one with a target
  kMakeAdmin,
  kMakeNormal,
  kHandOver,
  kMute,
  kUnmute,
  kAccept,
  kRefuse,
  kInvite,
  kRecall,  // the target's message
  kEdit,
};
inline constexpr Act kActs[] = {
    Act::kChat,    Act::kReadHistory, Act::kSync,      Act::kSeeMembers, Act::kJoin,
    Act::kLeave,   Act::kMuteAll,     Act::kUnmuteAll, Act::kAnnounce,   Act::kMakeCode,
    Act::kDismiss, Act::kRemove,      Act::kMakeAdmin, Act::kMakeNormal, Act::kHandOver,
    Act::kMute,    Act::kUnmute,      Act::kAccept,    Act::kRefuse,     Act::kInvite,
    Act::kRecall,  Act::kEdit};
// True if the act is done to a message of the target, not to the target.
bool is_on_message(Act act);
const char* name_of(Act act);

struct Question {
  Act act;
  Role actor;
  Target target;
  State state;
};
std::string describe(const Question& question);
// All targets that the act can have for this actor.
std::vector<Target> targets_of(Act act, Role actor);

// `target` is a user or, if is_on_message(), the seq of a message.
Json request_of(Act act, std::int64_t group, std::int64_t target);

// The errno of the first attempt, and of the same request sent again.
int expected(const Question& question);
int expected_again(const Question& question);
// Whether the first attempt, if allowed, changes what later questions depend on.
bool changes_group(Act act);
// Whether each repetition adds a row to the group's stream.
bool adds_rows(Act act);

}  // namespace chat::test::rights

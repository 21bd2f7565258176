#pragma once

#ifdef CHAT_SABOTAGE
#ifdef NDEBUG
#error "sabotage never goes into a build that people run"
#endif
#include <array>
#include <cstdlib>
#include <string_view>

#include "chat/base/check.h"
#endif

// Switches that deliberately break a guarantee, to prove that the fault tests would detect it
// (scripts/sabotage.sh). They exist only in builds with -Dsabotage=true, which meson refuses for
// release builds; there the environment variable CHAT_SABOTAGE selects one of them. In all other
// builds sabotaged() is the constant false and the switches leave no trace in the program.
// Threading: thread-safe.
namespace chat::base {

enum class Sabotage {
  kAckBeforeCommit,  // "ack-before-commit": acknowledge a message before it is stored
  kSkipResync,       // "skip-resync": do not look for messages that the bus may have lost
  kIgnoreLease,      // "ignore-lease": go on after the node's lease is lost
  kKeepOlder,        // "keep-older": do not compare sessions with the table
  kTrustOwnLink,     // "trust-own-link": judge the bus by this node's own connections alone
  kForgetTakeovers,  // "forget-takeovers": ignore takeovers that were reported late or never
  kStoreOlder,       // "store-older": store messages of older sessions
  // By kind of write: do not read back a write whose COMMIT was not answered.
  kForgetJoinings,       // "forget-joinings": of group members, who then get no messages
  kForgetCreations,      // "forget-creations": of groups
  kForgetClaims,         // "forget-claims": of logins
  kForgetReleases,       // "forget-releases": of sessions that end
  kForgetSweeps,         // "forget-sweeps": of dead nodes
  kForgetDeletions,      // "forget-deletions": of accounts
  kForgetPasswords,      // "forget-passwords": of password changes
  kForgetRegistrations,  // "forget-registrations"
  kAdmitAnyone,  // "admit-anyone": start a server without a bus beside others, and others beside it
  kForgetActs,   // "forget-acts": do not read back changes of groups, other than joinings
  kEarlyRights,  // "early-rights": decide who may write to a group before locking it
  kEndlessWindows,  // "endless-windows": go on pushing to those who have left a group
  kLocalBlocks,     // "local-blocks": let a block bind on the node only that stored it
  kRepeatActs,      // "repeat-acts": make changes that older sessions ask for
};

#ifdef CHAT_SABOTAGE
inline bool sabotaged(Sabotage what) {
  // In the order of the enumeration.
  static constexpr std::array<std::string_view, 21> kNames = {
      "ack-before-commit", "skip-resync",      "ignore-lease",         "keep-older",
      "trust-own-link",    "forget-takeovers", "store-older",          "forget-joinings",
      "forget-creations",  "forget-claims",    "forget-releases",      "forget-sweeps",
      "forget-deletions",  "forget-passwords", "forget-registrations", "admit-anyone",
      "forget-acts",       "early-rights",     "endless-windows",      "local-blocks",
      "repeat-acts"};
  static const std::string_view chosen = [] {
    const char* given = std::getenv("CHAT_SABOTAGE");
    const std::string_view name = given == nullptr ? "" : given;
    bool known = name.empty();
    for (const std::string_view each : kNames) known = known || name == each;
    CHAT_CHECK(known);
    return name;
  }();
  return chosen == kNames[static_cast<std::size_t>(what)];
}
#else
constexpr bool sabotaged(Sabotage /*what*/) {
  return false;
}
#endif

}  // namespace chat::base

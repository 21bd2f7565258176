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

// Switches that break a promise on purpose, so that the fault bank can show that it would notice
// (scripts/sabotage.sh). They exist only in a build of -Dsabotage=true, which meson refuses for
// release builds; there the environment variable CHAT_SABOTAGE throws one of them. Anywhere else
// sabotaged() is the constant false, and neither code nor names of theirs are in the program.
// Threading: thread-safe.
namespace chat::base {

enum class Sabotage {
  kAckBeforeCommit,  // "ack-before-commit": a message is acknowledged first and stored then
  kSkipResync,       // "skip-resync": nobody looks for what the bus may not have told
  kIgnoreLease,      // "ignore-lease": a node whose lease is lost goes on
  kKeepOlder,        // "keep-older": sessions are not compared with the table
  kTrustOwnLink,     // "trust-own-link": a node judges the bus by its own connections to it
  kForgetTakeovers,  // "forget-takeovers": one that was reported late or never is not looked at
  kStoreOlder,       // "store-older": messages of older sessions are stored
  // Likewise, by kind of write: what an answer that was lost would have said is not looked up.
  kForgetJoinings,       // "forget-joinings": and a member who asks again stays without messages
  kForgetCreations,      // "forget-creations": of groups
  kForgetClaims,         // "forget-claims": of logins
  kForgetReleases,       // "forget-releases": of sessions that end
  kForgetSweeps,         // "forget-sweeps": of nodes taken for dead
  kForgetDeletions,      // "forget-deletions": of accounts
  kForgetPasswords,      // "forget-passwords": of changes of them
  kForgetRegistrations,  // "forget-registrations"
  kAdmitAnyone,  // "admit-anyone": a server without a bus starts beside others, and they beside it
};

#ifdef CHAT_SABOTAGE
inline bool sabotaged(Sabotage what) {
  // In the order of the enumeration.
  static constexpr std::array<std::string_view, 16> kNames = {
      "ack-before-commit", "skip-resync",      "ignore-lease",         "keep-older",
      "trust-own-link",    "forget-takeovers", "store-older",          "forget-joinings",
      "forget-creations",  "forget-claims",    "forget-releases",      "forget-sweeps",
      "forget-deletions",  "forget-passwords", "forget-registrations", "admit-anyone"};
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

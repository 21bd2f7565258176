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
  kKeepOlder,        // "keep-older": sessions are compared with the table only after a gap
  kForgetTakeovers,  // "forget-takeovers": one that was reported late or never is not looked at
};

#ifdef CHAT_SABOTAGE
inline bool sabotaged(Sabotage what) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "ack-before-commit", "skip-resync", "ignore-lease", "keep-older", "forget-takeovers"};
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

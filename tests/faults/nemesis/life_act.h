#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "faults/nemesis/judge.h"

namespace chat::test::nemesis {

// errno of answers that acts may get.
namespace codes {
inline constexpr int kOk = 0;
inline constexpr int kNotAllowed = 22;
inline constexpr int kNotFound = 23;
inline constexpr int kConflict = 24;
inline constexpr int kExists = 25;
}  // namespace codes

// What somebody does to a club or to a contact, and repeats with the same cid until it is answered.
// A club is a group in which such acts happen.
struct LifeAct {
  enum class Kind {
    kChat,
    kJoin,
    kLeave,
    kRemove,
    kMute,
    kUnmute,
    kMuteAll,
    kUnmuteAll,
    kPromote,
    kDemote,
    kHandOver,
    kBlock,
    kUnblock,
    kBefriend,
    kUnfriend,
  };
  Kind kind = Kind::kChat;
  std::int64_t actor = 0;
  std::int64_t club = 0;
  std::int64_t target = 0;  // a user
  std::string cid{};
  std::int64_t from_head = 0;         // a seq that the club had reached when it was first asked for
  std::optional<Time> asked_at = {};  // first
  int attempts = 0;

  bool is_of_club() const { return kind < Kind::kBlock; }
};

// The act that undoes this one; nothing if its actor cannot.
std::optional<LifeAct> inverse_of(const LifeAct& act);
// The request, without its cid.
Json request_of(const LifeAct& act);
std::string describe(const LifeAct& act);

}  // namespace chat::test::nemesis

#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace chat {

// A distinct integer type per kind of object, so that ids cannot be mixed up. 0 means none; valid
// ids are 1 … 2^31−1 (PROTOCOL.md, section 1).
template <typename Tag>
struct Id {
  std::int32_t value = 0;

  constexpr explicit operator bool() const { return value > 0; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using UserId = Id<struct UserIdTag>;
using GroupId = Id<struct GroupIdTag>;
using NodeId = Id<struct NodeIdTag>;

// A position in a stream: 1, 2, 3 … without a gap. 0 is "before the first".
using Seq = std::int64_t;
// Milliseconds since 1970 (UTC), as on the wire and in the tables.
using UnixMillis = std::int64_t;
inline constexpr UnixMillis kMillisPerDay = 24 * 60 * 60 * 1000;
// Fencing token of a user's sessions: each login raises it (src/cluster/README.md).
using SessionEpoch = std::int64_t;
using NodeEpoch = std::int64_t;

}  // namespace chat

template <typename Tag>
struct std::hash<chat::Id<Tag>> {
  std::size_t operator()(chat::Id<Tag> id) const noexcept {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(id.value) * 0x9E3779B97F4A7C15ULL);
  }
};

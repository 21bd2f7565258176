#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "chat/base/ids.h"

namespace chat::delivery {

// Identifies one of a recipient's streams: the messages of one sender, or of one group. Plain
// value; direct streams sort before groups.
class StreamKey {
 public:
  static StreamKey from(UserId sender) {
    return StreamKey(static_cast<std::uint64_t>(sender.value));
  }
  static StreamKey of(GroupId group) {
    return StreamKey(kGroupBit | static_cast<std::uint64_t>(group.value));
  }

  bool is_group() const { return (bits_ & kGroupBit) != 0; }
  UserId sender() const { return {is_group() ? 0 : static_cast<std::int32_t>(bits_)}; }
  GroupId group() const { return {is_group() ? static_cast<std::int32_t>(bits_ & ~kGroupBit) : 0}; }

  friend auto operator<=>(const StreamKey&, const StreamKey&) = default;

 private:
  static constexpr std::uint64_t kGroupBit = std::uint64_t{1} << 32;
  explicit StreamKey(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_;
};

// A committed message to be pushed. The JSON is built once and shared; if it is empty, the message
// is read from the table.
struct Push {
  StreamKey stream;
  Seq seq = 0;
  UserId sender;
  UnixMillis sent_at = 0;
  std::shared_ptr<const std::string> json;
  // False: the sender is known not to want receipts.
  bool receipt_wanted = true;
  // The user whose membership ends with this message: the last one of the group that it gets.
  UserId ended{};
  bool is_event = false;  // not a text of `sender`, who may not have read what is before it
};

}  // namespace chat::delivery

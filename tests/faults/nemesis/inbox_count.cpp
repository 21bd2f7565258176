#include "faults/nemesis/inbox_count.h"

#include <algorithm>

namespace chat::test::nemesis {
namespace {

struct Expected {
  Json last;
  std::int64_t unread = 0;
  std::int64_t mentions = 0;
  std::int64_t read_least = 0;  // by the user's own messages
  std::int64_t read_most = 0;
};

bool mentions(const Json& message, std::int64_t user) {
  if (message.value("at_all", false)) return true;
  const Json at = message.value("at", Json::array());
  return std::find(at.begin(), at.end(), user) != at.end();
}

// Messages of the same millisecond may be in either order.
Expected count(std::int64_t user, Place place, const Rows& history, std::int64_t position) {
  Expected expected;
  if (place.first) expected.read_most = history.front().at("seq").get<std::int64_t>() - 1;
  std::int64_t others = 0;
  Json own_ts;
  for (const Json& message : history) {
    const std::int64_t seq = message.at("seq");
    const bool is_own = message.at("id") == user;
    if (!is_own && !place.first && message.at("ts") == own_ts) expected.read_most = seq;
    if (!is_own) others = seq;
    if (message.contains("kind")) continue;
    expected.last = message;
    if (is_own) {
      own_ts = message.at("ts");
      expected.read_most = std::max(expected.read_most, place.first ? seq : others);
      expected.read_least = place.first ? seq : expected.read_least;
    } else if (seq > position) {
      ++expected.unread;
      if (mentions(message, user)) ++expected.mentions;
    }
  }
  return expected;
}

}  // namespace

std::string difference_of_item(std::int64_t user, Place place, const Json& item,
                               const Rows& history, std::int64_t read) {
  const std::int64_t position = item.at("read_seq");
  if (history.empty()) return "HISTORY is empty, INBOX shows " + item.dump();
  const Expected expected = count(user, place, history, position);
  if (item.at("last") != expected.last) return "the last message is " + expected.last.dump();
  const bool can_be =
      position >= expected.read_least && position <= std::max(expected.read_most, read);
  if (item.at("unread") == expected.unread && item.at("mentions") == expected.mentions && can_be) {
    return "";
  }
  return "unread are " + std::to_string(expected.unread) + ", mentions " +
         std::to_string(expected.mentions) + ", the position is from " +
         std::to_string(expected.read_least) + " to " +
         std::to_string(std::max(expected.read_most, read)) + "; INBOX shows " + item.dump();
}

}  // namespace chat::test::nemesis

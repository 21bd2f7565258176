#include "service/messages/inbox_cursor.h"

#include <charconv>
#include <tuple>

namespace chat::service {

bool InboxCursor::before(const InboxCursor& other) const {
  return std::tie(other.time, is_group, id) < std::tie(time, other.is_group, other.id);
}

std::string encode(const InboxCursor& cursor) {
  return std::to_string(cursor.time) + (cursor.is_group ? ".g" : ".u") + std::to_string(cursor.id);
}

std::optional<InboxCursor> decode_inbox(std::string_view text) {
  InboxCursor cursor;
  const char* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, cursor.time);
  if (error != std::errc() || cursor.time < 0 || end - dot < 3 || *dot != '.') return std::nullopt;
  cursor.is_group = dot[1] == 'g';
  if (!cursor.is_group && dot[1] != 'u') return std::nullopt;
  const auto [stop, id_error] = std::from_chars(dot + 2, end, cursor.id);
  if (id_error != std::errc() || stop != end || cursor.id < 1) return std::nullopt;
  return cursor;
}

}  // namespace chat::service

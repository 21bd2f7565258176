#include "service/messages/history_cursor.h"

#include <charconv>

namespace chat::service {
namespace {

// Removes `prefix` from the front.
bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Removes ".<number>" from the front; the number is at least 1, without leading zeros.
bool take_prefix(std::string_view& text, Seq& number) {
  if (!take_prefix(text, ".") || text.empty() || text.front() < '1' || text.front() > '9')
    return false;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

}  // namespace

std::string encode(UserId with, const HistoryCursor& cursor) {
  return 'u' + std::to_string(with.value) + '.' + std::to_string(cursor.received) + '.' +
         std::to_string(cursor.sent);
}

std::string encode(GroupId group, const HistoryCursor& cursor) {
  return 'g' + std::to_string(group.value) + '.' + std::to_string(cursor.received);
}

std::optional<HistoryCursor> decode(std::string_view text, UserId with) {
  HistoryCursor cursor;
  const bool good = take_prefix(text, 'u' + std::to_string(with.value)) &&
                    take_prefix(text, cursor.received) && take_prefix(text, cursor.sent) &&
                    text.empty();
  return good ? std::optional(cursor) : std::nullopt;
}

std::optional<HistoryCursor> decode(std::string_view text, GroupId group) {
  HistoryCursor cursor;
  const bool good = take_prefix(text, 'g' + std::to_string(group.value)) &&
                    take_prefix(text, cursor.received) && text.empty();
  return good ? std::optional(cursor) : std::nullopt;
}

}  // namespace chat::service

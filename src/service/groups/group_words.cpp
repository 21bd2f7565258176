#include "service/groups/group_words.h"

#include <fmt/format.h>

#include <utility>

namespace chat::service {
namespace {

// The announcement is in the event's fields; the readable text holds its beginning only.
constexpr std::size_t kQuotedBytes = 300;

std::string_view beginning(std::string_view text) {
  if (text.size() <= kQuotedBytes) return text;
  std::size_t end = kQuotedBytes;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
  return text.substr(0, end);
}

}  // namespace

std::string role_text(std::string_view by, std::string_view user, storage::GroupRole role) {
  using storage::GroupRole;
  if (by == user) return fmt::format("{} is an admin now", user);
  if (role == GroupRole::kCreator) return fmt::format("{} handed this group over to {}", by, user);
  if (role == GroupRole::kAdmin) return fmt::format("{} made {} an admin", by, user);
  return fmt::format("{} made {} an ordinary member", by, user);
}

std::string duration_text(std::int64_t seconds) {
  constexpr std::pair<std::int64_t, std::string_view> kUnits[] = {
      {86'400, "day"}, {3'600, "hour"}, {60, "minute"}};
  for (const auto& [length, word] : kUnits) {
    if (seconds % length != 0) continue;
    return fmt::format("{} {}{}", seconds / length, word, seconds == length ? "" : "s");
  }
  return fmt::format("{} second{}", seconds, seconds == 1 ? "" : "s");
}

std::string settings_text(std::string_view by, const protocol::messages::Notice& notice) {
  std::string text;
  const auto add = [&](std::string_view what) {
    text.append(text.empty() ? "" : "; ").append(by).append(" ").append(what);
  };
  if (notice.groupname) add(fmt::format("renamed this group to {}", *notice.groupname));
  if (notice.groupdesc) add("changed the description");
  if (notice.joining && *notice.joining == "open") add("opened this group to everybody");
  if (notice.joining && *notice.joining == "approval") add("made joining subject to approval");
  if (notice.joining && *notice.joining == "invite") add("made joining by invitation only");
  if (notice.announcement && notice.announcement->empty()) add("removed the announcement");
  if (notice.announcement && !notice.announcement->empty()) {
    add(fmt::format("announced: {}", beginning(*notice.announcement)));
  }
  return text;
}

}  // namespace chat::service

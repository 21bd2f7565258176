#include "client/terminal/transcript/notice_text.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "client/core/text.h"
#include "client/terminal/printer/people_sentences.h"

namespace chat::client {
namespace {

std::string role_text(const std::string& by, const std::string& user, const std::string& role) {
  if (role == "creator") return fmt::format("{} handed this group over to {}", by, user);
  if (role == "admin" && by == user) return user + " is an admin now";
  if (role == "admin") return fmt::format("{} made {} an admin", by, user);
  return role == "normal" ? fmt::format("{} made {} an ordinary member", by, user) : "";
}

std::string settings_text(const std::string& by, const event::GroupNotice& notice) {
  const Group& now = notice.settings;
  std::string out;
  const auto add = [&](const std::string& what) {
    out.append(out.empty() ? "" : "; ").append(by).append(" ").append(what);
  };
  if (!now.name.empty()) add("renamed this group to " + shown_name(now.name));
  if (notice.changes_desc) add("changed the description");
  if (now.joining == "open") add("opened this group to everybody");
  if (now.joining == "approval") add("made joining subject to approval");
  if (now.joining == "invite") add("made joining by invitation only");
  if (notice.changes_announcement) {
    add(now.announcement.empty() ? "removed the announcement"
                                 : "announced: " + harmless_text(now.announcement));
  }
  return out;
}

// `by` and `user` as shown; `user` is empty if the event concerns nobody in particular.
std::string sentence_of(const event::GroupNotice& notice, const std::string& by,
                        const std::string& user) {
  const std::string& event = notice.event;
  const std::string whom = user.empty() ? "everybody" : user;
  if (event == "muted")
    return fmt::format("{} muted {} until {}", by, whom, date_and_time(notice.until));
  if (event == "unmuted") return fmt::format("{} unmuted {}", by, whom);
  if (event == "settings") return settings_text(by, notice);
  if (event == "dismissed") return by + " dismissed this group";
  if (user.empty()) return {};
  if (event == "joined" && notice.by == notice.user) return user + " joined";
  if (event == "joined") return fmt::format("{} let {} join", by, user);
  if (event == "left") return user + " left";
  if (event == "removed") return fmt::format("{} removed {}", by, user);
  return event == "role" ? role_text(by, user, notice.role) : "";
}

std::string between(const std::string& text, const std::string& before, std::string_view after) {
  const std::size_t around = before.size() + after.size();
  const bool fits = text.size() > around && text.starts_with(before) && text.ends_with(after);
  return fits ? text.substr(before.size(), text.size() - around) : "";
}

// The server's text names a user who is not known yet, such as a new member.
std::string name_in_text(const event::Message& message) {
  const std::string& event = message.notice->event;
  if (event == "joined") return between(message.text, message.name + " let ", " join");
  return event == "removed" ? between(message.text, message.name + " removed ", "") : "";
}

}  // namespace

std::string notice_text(const event::Message& message, const NameBook& names) {
  const event::GroupNotice& notice = *message.notice;
  const auto name_of = [&](UserId id) {
    std::string name = id == message.from ? message.name : names.user(id).name;
    if (name.empty() && id == notice.user) name = name_in_text(message);
    return name.empty() ? name : shown_name(name);
  };
  const std::string by = name_of(notice.by);
  const std::string user = notice.user ? name_of(notice.user) : "";
  const bool known = !by.empty() && (!notice.user || !user.empty());
  const std::string text = known ? sentence_of(notice, by, user) : "";
  return text.empty() ? shown_name(message.text) : text;
}

}  // namespace chat::client

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "client/core/code_points.h"
#include "client/core/text.h"
#include "client/terminal/printer/people_sentences.h"
#include "client/terminal/printer/people_style.h"
#include "client/terminal/printer/printer.h"

namespace chat::client {
namespace {

// The reasons of BYE (PROTOCOL.md, section 8).
constexpr std::pair<std::string_view, const char*> kByes[] = {
    {"server_stopping", "The server is stopping."},
    {"taken_over", "This session has ended: the user has logged in elsewhere."},
    {"account_deleted", "This session has ended: the account was deleted."},
    {"account_disabled", "This session has ended: an operator has disabled the account."},
    {"kicked", "An operator has ended this session."},
    {"session_lost", "The server closed the connection: its database has lost this session."},
    {"login_timeout", "The server closed the connection: nobody logged in for too long."},
    {"timeout", "The server closed the connection: it heard nothing for too long."},
    {"too_large", "The server closed the connection: a request was too large."},
    {"unavailable", "The server closed the connection: its database has failed."},
    {"server_full", "The server closed the connection: it is full."},
    {"too_many_connections",
     "The server closed the connection: there are too many from this address."},
};

std::string bye_sentence(const std::string& reason) {
  for (const auto& [known, text] : kByes) {
    if (reason == known) return text;
  }
  return fmt::format("The server ended this session: {}.", harmless(reason));
}

// Turns events into sentences, optionally with ANSI colours (ECMA-48 SGR).
class PeopleText {
 public:
  explicit PeopleText(bool color) : style_(color) {}

  std::string operator()(const std::monostate&) const { return {}; }
  std::string operator()(const event::Pong&) const { return {}; }
  // The transcript shows messages and what becomes of them.
  std::string operator()(const event::Sending&) const { return {}; }
  std::string operator()(const event::Sent&) const { return {}; }
  std::string operator()(const event::Receipt&) const { return {}; }
  std::string operator()(const event::Message&) const { return {}; }
  std::string operator()(const event::History&) const { return {}; }
  std::string operator()(const event::Queued& e) const {
    return dim(fmt::format("  … {}: will be sent after reconnecting", to(e.target)));
  }
  std::string operator()(const event::Unsent& e) const {
    return bad(fmt::format("Not confirmed by the server, and may never arrive: {}.",
                           e.count == 1 ? "1 message" : fmt::format("{} messages", e.count)));
  }
  std::string operator()(const event::Held& e) const {
    const std::string why = e.error == "rate_limited" ? "that was too fast for the server"
                            : e.error == "busy"       ? "the server is busy"
                                                      : "the server cannot store messages now";
    return dim(fmt::format("  … {}: {}, trying again until it is stored.", to(e.target), why));
  }
  std::string operator()(const event::Reconnecting& e) const {
    const std::string why = e.reason.empty() ? "" : harmless(e.reason) + ". ";
    return dim(fmt::format("{}Reconnecting in {:.1f} s.", why,
                           static_cast<double>(e.after.count()) / 1000));
  }

  std::string operator()(const event::Connected& e) const {
    if (e.again) return {};  // the login says it
    const std::string tls = e.tls.empty() ? "" : fmt::format(", encrypted ({})", e.tls);
    return dim(fmt::format("Connected to {} port {}{}.", harmless(e.host), e.port, tls));
  }
  std::string operator()(const event::Registered& e) const {
    return fmt::format("Registered {}: your id is {}.\n", name(e.name), e.id.value);
  }
  std::string operator()(const event::LoggedIn& e) const {
    if (e.again) return dim(fmt::format("Connected again as {}.", shown_name(e.name)));
    const std::string out = fmt::format("Logged in as {} (id {})", name(e.name), e.id.value);
    if (e.friends.empty() && e.groups.empty()) {
      return out +
             ".\nNo friends and no groups yet: /find TEXT and /add NAME, or /join GROUP and "
             "/creategroup NAME.\n";
    }
    return out + fmt::format(": {}, {}.\n", count_of(e.friends, e.more_friends),
                             count_of(e.groups, e.more_groups));
  }
  std::string operator()(const event::LoggedOut&) const { return "Logged out.\n"; }
  std::string operator()(const event::PasswordChanged& e) const {
    return fmt::format("Password changed. Other sessions that can no longer log in: {}.\n",
                       e.revoked);
  }
  std::string operator()(const event::AccountDeleted&) const { return "Account deleted.\n"; }
  std::string operator()(const event::SessionList& e) const {
    std::string out;
    for (const event::SessionInfo& each : e.sessions) {
      out += fmt::format("  {}  since {}, until {}{}\n", harmless(each.session),
                         date_and_time(each.created), date_and_time(each.expires),
                         each.current ? "  (this one)" : "");
    }
    return out;
  }
  std::string operator()(const event::SessionsRevoked& e) const {
    return fmt::format("Sessions ended: {}.\n", e.revoked);
  }
  std::string operator()(const event::Refused& e) const {
    std::string out = bad(fmt::format("{}: {}", what_failed(e), reason(e)));
    if (e.retry_after_ms) out += fmt::format("  Try again in {} ms.\n", *e.retry_after_ms);
    if (e.is(protocol::Errno::kAlreadyOnline)) {
      out += "  If that session is yours, end it with: /login NAME --takeover\n";
    }
    return out;
  }
  std::string operator()(const event::Presence& e) const {
    const std::string who = e.name.empty() ? fmt::format("user {}", e.id.value)
                                           : fmt::format("{} ({})", shown_name(e.name), e.id.value);
    return dim(fmt::format("{} is {}.", who, harmless(e.state)));
  }
  std::string operator()(const event::Bye& e) const { return bad(bye_sentence(e.reason)); }
  std::string operator()(const event::Announcement& e) const {
    return bad("The operator of this server announces: " + harmless(e.text));
  }
  std::string operator()(const event::Notice& e) const {
    std::string out = fmt::format("[{}]", e.kind);
    for (const auto& [key, value] : e.fields) out += fmt::format(" {}={}", key, value);
    return dim(out);
  }
  std::string operator()(const event::Typing&) const { return {}; }
  std::string operator()(const event::Inbox& e) const {
    if (e.at_login) return unread_summary(e);
    if (e.conversations.empty()) return dim("No conversations yet: /to NAME begins one.");
    std::string out = "Conversations:\n";
    for (const bool pinned : {true, false}) {
      for (const event::Conversation& each : e.conversations) {
        if (each.pinned == pinned) out += conversation_row(each, e.self);
      }
    }
    if (!e.cursor.empty()) out += dim("/more shows older ones.");
    return out;
  }
  std::string operator()(const event::Readers& e) const {
    if (e.members == 0) return "Nobody else was in the group then.\n";
    std::string out = fmt::format("Read by {} of {}", e.read, e.members);
    for (const UserRef& each : e.users) {
      out += (&each == &e.users.front() ? ": " : ", ") + style_.plain("user", each.name, each.id);
    }
    return out + '\n' + (e.cursor.empty() ? "" : dim("/more shows more."));
  }
  std::string operator()(const event::Current& e) const {
    return dim(fmt::format("Plain lines go to {}{}.", e.target.group ? "the group " : "", e.shown));
  }
  std::string operator()(const event::FriendList& e) const {
    if (e.friends.empty()) return "No friends yet: /add NAME\n";
    std::string out = "Friends:\n";
    for (const Friend& each : e.friends) out += friend_row(each, style_);
    return out;
  }
  std::string operator()(const event::GroupList& e) const {
    if (e.groups.empty()) return "No groups yet: /creategroup NAME or /join GROUP\n";
    std::string out = "Groups:\n";
    for (const Group& each : e.groups) out += group_row(each, style_);
    return out;
  }
  std::string operator()(const event::TimedOut& e) const {
    return bad(fmt::format("/{}: no answer within {} s.", e.command,
                           static_cast<double>(e.after.count()) / 1000));
  }
  std::string operator()(const event::Unanswered& e) const {
    return bad(fmt::format("/{}: the connection was lost before the answer came.", e.command));
  }
  std::string operator()(const event::Usage& e) const { return bad(harmless(e.text)); }
  std::string operator()(const event::Help& e) const { return e.text; }
  std::string operator()(const event::Fault& e) const {
    return bad("The server broke the protocol: " + harmless(e.text));
  }
  std::string operator()(const event::Disconnected& e) const {
    return bad("Connection lost: " + harmless(e.reason));
  }

  // The rest: about people and groups (people_sentences.h).
  template <typename T>
  requires requires(const T& e, const PeopleStyle& style) { sentence(e, style); }
  std::string operator()(const T& e) const { return sentence(e, style_); }
  std::string operator()(const event::ListPage&) const { return {}; }

 private:
  std::string name_of(const event::Conversation& each) const {
    return each.target.group ? "[" + style_.plain("group", each.name, each.target.group) + "]"
                             : style_.plain("user", each.name, each.target.user);
  }
  std::string conversation_row(const event::Conversation& each, UserId self) const {
    std::string out = (each.pinned ? "  ★ " : "    ") + name_of(each);
    if (each.unread > 0) out += "  " + style_.bold(fmt::format("{} new", each.unread));
    if (each.mentions > 0) out += "  " + style_.highlight(fmt::format("@{}", each.mentions));
    if (each.muted) out += faint("  silenced");
    if (each.last_ts == 0) return out + '\n';
    const bool own = self && each.last_by.id == self;
    const std::string by = own ? "you: "
                           : each.target.group && !each.last_by.name.empty()
                               ? shown_name(each.last_by.name) + ": "
                               : "";
    const std::string text = each.last_recalled ? "(recalled)" : beginning(each.last_text);
    return out + faint(fmt::format("  {} {}{}", time_of(each.last_ts), by, text)) + '\n';
  }
  // The first line of a text, cut.
  static std::string beginning(const std::string& text) {
    constexpr std::size_t kTextMost = 40;
    std::u32string line = to_code_points(text.substr(0, text.find('\n')));
    const bool cut = line.size() > kTextMost || text.find('\n') != text.npos;
    if (line.size() > kTextMost) line.resize(kTextMost);
    return harmless(to_utf8(line)) + (cut ? "…" : "");
  }
  // Of today without the date.
  static std::string time_of(UnixMillis ts) {
    constexpr std::size_t kDay = 10;
    const std::string time = date_and_time(ts);
    const std::string now = date_and_time(base::system_clock().unix_millis());
    return time.substr(0, kDay) == now.substr(0, kDay) ? time.substr(kDay + 1) : time;
  }
  std::string unread_summary(const event::Inbox& e) const {
    if (e.conversations.empty()) {
      return dim("Nothing unread. /to NAME begins to write, /inbox lists the conversations.");
    }
    std::string out = "Unread:";
    for (const event::Conversation& each : e.conversations) {
      out += &each == &e.conversations.front() ? " " : ", ";
      out += fmt::format("{} {}", name_of(each), each.unread);
      if (each.mentions > 0) out += " " + style_.highlight(fmt::format("@{}", each.mentions));
    }
    return out + ". /to NAME answers, /inbox lists all.\n";
  }
  static std::string count_of(const std::vector<Friend>& friends, bool more) {
    if (friends.empty()) return "no friends";
    const auto online = std::count_if(friends.begin(), friends.end(),
                                      [](const Friend& each) { return each.state == "online"; });
    return fmt::format("{}{} friend{} ({} online)", friends.size(), more ? "+" : "",
                       friends.size() == 1 && !more ? "" : "s", online);
  }
  static std::string count_of(const std::vector<Group>& groups, bool more) {
    if (groups.empty()) return "no groups";
    return fmt::format("{}{} group{}", groups.size(), more ? "+" : "",
                       groups.size() == 1 && !more ? "" : "s");
  }
  static std::string to(const Target& target) {
    return target.group ? fmt::format("to group {}", target.group.value)
                        : fmt::format("to {}", target.user.value);
  }
  std::string faint(const std::string& text) const { return style_.faint(text); }
  std::string dim(const std::string& line) const { return style_.dim(line); }
  std::string bad(const std::string& line) const { return style_.bad(line); }
  std::string name(const std::string& text) const { return style_.name(text); }

  static std::string what_failed(const event::Refused& e) {
    if (e.command.empty()) return "The server says";
    const std::string about = harmless(e.about);
    const bool is_text = e.command == "chat" || e.command == "group";
    if (is_text) return about.empty() ? "Not sent" : "Not sent to " + about;
    return "/" + e.command + (about.empty() ? "" : " " + about);
  }

  // Lists of a kind that an older server does not know are a wrong field to it.
  static std::string reason(const event::Refused& e) {
    using protocol::Errno;
    const bool list = e.command == "requests" || e.command == "blocked";
    if ((e.is(Errno::kUnknownMsgid) && !e.command.empty()) || (e.is(Errno::kBadField) && list)) {
      return "this server is older and cannot do that";
    }
    return harmless(e.errmsg.empty() ? e.error : e.errmsg);
  }

  const PeopleStyle style_;
};

}  // namespace

std::string to_people(const Event& event, bool color) {
  return std::visit(PeopleText(color), event.what);
}

}  // namespace chat::client

// What people see: the transcript, the status above the typed line, the current conversation.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/msgid.h"
#include "client/core/code_points.h"
#include "client/core/mentions.h"
#include "client/core/text.h"
#include "client/terminal/commands/command_parser.h"
#include "client/terminal/commands/command_text.h"
#include "client/terminal/editor/line_view.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/roster_pages.h"
#include "client/terminal/terminal_client.h"

namespace chat::client {
namespace {

bool leads(const Group& group, UserId user) {
  std::string role = group.role;
  for (const Member& each : group.members) {
    if (each.id == user && role.empty()) role = each.role;
  }
  return role == "creator" || role == "admin";
}

// Finds the members of the group who are mentioned, and returns the words that mention nobody.
std::vector<std::string> find_mentions_in(ClientSession& session, GroupId id, std::string_view text,
                                          event::MessageExtras& extras) {
  if (!session.roster().has(id)) read_all_pages(session);
  auto group = session.roster().group(id);
  if (!group) return find_mentions(text, {}, false, extras);
  const bool leads_it = leads(*group, session.self());
  event::MessageExtras first = extras;
  auto others = find_mentions(text, group->members, leads_it, first);
  if (others.empty() || group->all_members || !session.logged_in()) {
    extras = std::move(first);
    return others;
  }
  read_members(session, id);
  group = session.roster().group(id);
  return group ? find_mentions(text, group->members, leads_it, extras) : others;
}

// The answer to a READ that came before the message was pushed; another follows the push.
bool is_early_read(const event::Notice& notice) {
  const std::pair<std::string, std::string> number{
      "msgid", std::to_string(static_cast<int>(protocol::reply_to(protocol::Msgid::kRead)))};
  return notice.kind == "push" &&
         std::find(notice.fields.begin(), notice.fields.end(), number) != notice.fields.end();
}

// Why a command cannot act on a message.
const char* why_not(const std::optional<ShownMessage>& message, bool numbered) {
  if (!message) return "there is no such message here";
  if (message->extras.recalled) return "that message was recalled";
  const bool refused = message->progress == Progress::kFailed;
  if (numbered) return refused ? "that message was refused" : "that message is not stored yet";
  return refused ? "your last message was refused; give a number"
                 : "your last message is not stored yet";
}

}  // namespace

// True if nothing needs to be shown, or another line says the same.
bool TerminalClient::is_told_otherwise(const Event& event) {
  if (event.as<event::Bye>()) said_bye_ = true;
  if (event.as<event::Disconnected>()) return said_bye_.exchange(false);
  if (const auto* notice = event.as<event::Notice>()) return is_early_read(*notice);
  const auto* refused = event.as<event::Refused>();
  if (refused == nullptr) return false;
  const bool of_typing = refused->command == kTypingCommand;
  if (of_typing) typing_report_.refused();
  return of_typing || (tries_token_ && refused->error == "invalid_token");
}

void TerminalClient::show_to_people(const Event& event) {
  // The status says it, with the seconds that are left.
  if (editor_ && reading_ && event.as<event::Reconnecting>()) return show_status();
  if (is_told_otherwise(event)) return;
  base::MutexLock lock(output_mutex_);
  if (const auto* typing = event.as<event::Typing>()) {
    typing_.take(*typing, base::system_clock().now());
  }
  if (const auto* message = event.as<event::Message>()) {
    typing_.take(*message, base::system_clock().now());
  }
  put_locked(transcript_.show(event));
}

// "bob is typing …"
std::string TerminalClient::typists() {
  base::MutexLock lock(output_mutex_);
  std::string out;
  constexpr std::size_t kNamed = 3;
  const auto users = typing_.users(current_, base::system_clock().now());
  if (users.empty()) return {};
  for (std::size_t i = 0; i < std::min(users.size(), kNamed); ++i) {
    out += (i == 0 ? "" : ", ") + shown_target({users[i], {}});
  }
  if (users.size() > kNamed) out += fmt::format(" and {} more", users.size() - kNamed);
  return out + (users.size() == 1 ? " is typing …" : " are typing …");
}

void TerminalClient::tell_typing() {
  if (!editor_ || !session_.logged_in()) return;
  const auto now = base::system_clock().now();
  const auto report = typing_report_.next(current_, editor_->composed_text(), now);
  if (report) session_.typing(report->to, report->on);
}

void TerminalClient::put_locked(const std::vector<Transcript::Output>& outputs) {
  for (const Transcript::Output& each : outputs) {
    const bool changes = each.over != 0 || each.over_entered_line;
    const std::string& below = changes ? each.otherwise : each.text;
    bool written = true;
    std::uint64_t print = 0;
    if (!editor_) {
      written = write_all(STDOUT_FILENO, break_lines(below, terminal_size().columns));
    } else {
      const std::uint64_t over = each.over_entered_line ? editor_->entered_line() : each.over;
      if (over != 0 && editor_->print_over(over, each.text, each.erases)) {
        print = over;
      } else {
        if (each.typed != 0) transcript_.copied(each.typed, {editor_->last_entered_line()});
        const bool told = each.if_lost && editor_->knows(over);
        if (!below.empty() && !told) {
          print = editor_->print_rows(below);
          written = print != 0;
        }
      }
    }
    if (each.message != 0 && print != 0) transcript_.printed(each.message, print);
    if (each.copy_of != 0) transcript_.copied(each.copy_of, {print, each.instead});
    if (each.alerts) ring();
    // The reader is gone (SIGPIPE is ignored), so the client ends.
    if (!written) stop(kSignalExitBase + SIGPIPE);
  }
}

void TerminalClient::ring() {
  if (!editor_ || options_.bell == Bell::kOff) return;
  if (options_.bell == Bell::kAlways || !editor_->focused()) editor_->ring();
}

// On the main thread.
void TerminalClient::show_status() {
  if (!editor_) return;
  if (session_.connected() || ending_ != 0 || !next_try_) return editor_->set_status(typists());
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(*next_try_ - base::system_clock().now());
  const std::string why = attempt_failure_.empty() ? "" : ": " + harmless(attempt_failure_);
  editor_->set_status(fmt::format("Reconnecting in {} s, Enter: now (attempt {}){}",
                                  std::max<std::int64_t>(left.count(), 0), attempts_, why));
}

// On any thread.
bool TerminalClient::may_remember(std::string_view line) const {
  return may_be_remembered(line, in_conversation_);
}

std::string TerminalClient::shown_target(const Target& target) const {
  const std::string name = target.group ? session_.names().group(target.group).name
                                        : session_.names().user(target.user).name;
  if (!name.empty()) return shown_name(name);
  return target.group ? fmt::format("group {}", target.group.value)
                      : fmt::format("user {}", target.user.value);
}

std::optional<Target> TerminalClient::need_current() {
  if (!current_) show({event::Usage{"there is no current conversation; /to NAME chooses one"}});
  return current_;
}

void TerminalClient::set_current(std::optional<Target> target) {
  current_ = target;
  in_conversation_ = target.has_value();
  {
    base::MutexLock lock(output_mutex_);
    transcript_.set_current(target);
  }
  if (!editor_) return;
  if (!target) return editor_->set_prompt("> ");
  const std::string name = shown_target(*target);
  editor_->set_prompt(target->group ? "[" + name + "]> " : name + "> ");
}

std::optional<ShownMessage> TerminalClient::find_message(int number, bool own) {
  std::optional<Target> here;
  if (number == 0 && !(here = need_current())) return std::nullopt;
  // A script's chats may still be on their way.
  if (!terminal_ && own) session_.wait_for_chats(ClientSession::kReplyTimeout);
  std::optional<ShownMessage> out;
  {
    base::MutexLock lock(output_mutex_);
    const ShownMessage* const found =
        here ? transcript_.messages().last(*here, own) : transcript_.messages().numbered(number);
    if (found != nullptr) out = *found;
  }
  if (out && out->seq > 0 && !out->extras.recalled) return out;
  show({event::Usage{why_not(out, number != 0)}});
  return std::nullopt;
}

bool TerminalClient::is_message(std::string_view number) {
  const auto parsed = terminal_ ? parse_number(number) : std::nullopt;
  if (!parsed) return false;
  {
    base::MutexLock lock(output_mutex_);
    if (transcript_.messages().numbered(*parsed) == nullptr) return false;
  }
  show({event::Usage{
      fmt::format("the text is missing: [{0}] is a message, and {0} alone no text", *parsed)}});
  return true;
}

void TerminalClient::show_own_act(const ShownMessage& message, Seq seq,
                                  const event::MessageExtras& act, const std::string& text) {
  base::MutexLock lock(output_mutex_);
  put_locked(transcript_.show_own_act(message, seq, act, text));
}

void TerminalClient::write(const Target& target, const std::string& text,
                           event::MessageExtras extras) {
  const std::size_t length = to_code_points(text).size();
  // A script gets the server's refusal; a person can recall the line and shorten it.
  if (terminal_ && length > protocol::kTextMaxCodePoints) {
    return show(
        {event::Usage{fmt::format("not sent: the text has {} characters, and a message at most {}",
                                  length, protocol::kTextMaxCodePoints)}});
  }
  if (target.group && terminal_ && text.find('@') != text.npos) {
    std::string others;
    for (const std::string& each : find_mentions_in(session_, target.group, text, extras)) {
      others += (others.empty() ? "@" : ", @") + harmless(each);
    }
    const auto group = session_.roster().group(target.group);
    const bool knows_all = group && group->all_members;
    if (!others.empty()) {
      show(
          {event::Usage{others + (knows_all ? ": no such member is known here"
                                            : ": not among the members that are known here yet")}});
    }
  }
  typing_report_.sent(target, base::system_clock().now());
  session_.chat(target, text, extras);
}

void TerminalClient::greet_after_login() {
  command::show_waiting_requests(*this);
  command::show_unread(*this);
}

void TerminalClient::silence(const Target& target, bool silent) {
  base::MutexLock lock(output_mutex_);
  transcript_.silence(target, silent);
}

bool TerminalClient::has_shown(const Target& conversation) {
  base::MutexLock lock(output_mutex_);
  return transcript_.has_shown(conversation);
}

// False while the terminal is in the background, as far as it reports that, or only a question for
// a password is of interest.
bool TerminalClient::screen_is_seen() const {
  return terminal_ && !asks_secret_ && (!editor_ || editor_->focused());
}

// What was received is confirmed at once, and as read once it was seen.
void TerminalClient::acknowledge() {
  if (!session_.logged_in()) return;
  const bool seen = screen_is_seen();
  for (const auto& [stream, seq] : session_.take_received()) {
    // The server refuses what it has not pushed on this connection.
    const Seq read = seen ? std::min(reads_.take(stream), seq) : 0;
    if (!seen) reads_.send_again(stream);
    if (read < seq) session_.acknowledge(stream, seq, false);
    if (read > 0) session_.acknowledge(stream, read, true);
  }
  if (!seen) return;
  for (const auto& [stream, seq] : reads_.take_moved()) session_.acknowledge(stream, seq, true);
}

void TerminalClient::show_current() {
  if (const auto target = need_current()) {
    show({event::Current{*target, shown_target(*target)}});
  }
}

}  // namespace chat::client

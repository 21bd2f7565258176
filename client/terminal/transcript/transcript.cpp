// A message is one line, or several for its further lines:
//
//   14:32 [12] bob in "Tea Time": are you there?
//   14:33 [13] you ✓✓ yes
//
// The mark of the user's own messages always takes two cells, so that a line keeps its number of
// rows when the mark changes, and can be printed over although others follow it.
#include "client/terminal/transcript/transcript.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "client/core/code_points.h"
#include "client/core/text.h"
#include "client/terminal/printer/printer.h"
#include "client/terminal/transcript/notice_text.h"

namespace chat::client {
namespace {

constexpr std::size_t kQuoteMost = 40;  // code points
// After a reconnection of the user, friends reconnect within this time: the longest back-off.
constexpr UnixMillis kReturnMs = 30'000;

std::string first_line(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  std::u32string code_points = to_code_points(line);
  const bool cut = code_points.size() > kQuoteMost || line.size() < text.size();
  if (code_points.size() > kQuoteMost) code_points.resize(kQuoteMost);
  return harmless(to_utf8(code_points)) + (cut ? "…" : "");
}

}  // namespace

Transcript::Transcript(const Settings& settings, const NameBook& names, const base::Clock& clock)
    : settings_(settings),
      names_(names),
      clock_(clock),
      style_(settings.color),
      day_(moment_of(clock.unix_millis(), "").day) {}

// In local time; an older server sends no `ts`, only its own `time`.
Transcript::Moment Transcript::moment_of(UnixMillis ts, const std::string& time) {
  constexpr std::size_t kDay = 10;
  constexpr std::size_t kMinute = 16;
  if (ts == 0) {
    const std::string text = harmless(time);
    if (text.size() < kMinute) return {"", text, ""};
    return {text.substr(0, kDay), text.substr(kDay + 1, kMinute - kDay - 1), text.substr(0, kDay)};
  }
  const auto seconds = static_cast<std::time_t>(ts / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return {fmt::format("{:%Y-%m-%d}", local), fmt::format("{:%H:%M}", local),
          fmt::format("{:%A}, {} {:%B %Y}", local, local.tm_mday, local)};
}

std::string Transcript::day_line(const Moment& moment) {
  if (moment.day.empty() || moment.day == day_) return {};
  day_ = moment.day;
  return style_.dim("── " + moment.long_day + " ──");
}

std::vector<Transcript::Output> Transcript::show(const Event& event) {
  std::vector<Output> out;
  if (const auto* message = event.as<event::Message>()) {
    if (!is_own_sent(*message, out)) show_message(*message, conversation_of(*message), out);
  } else if (const auto* login = event.as<event::LoggedIn>()) {
    show_login(*login, out);
  } else if (const auto* history = event.as<event::History>()) {
    show_history(*history, out);
  } else if (const auto* sending = event.as<event::Sending>()) {
    show_sending(*sending, out);
  } else if (const auto* sent = event.as<event::Sent>()) {
    show_sent(*sent, out);
  } else if (const auto* receipt = event.as<event::Receipt>()) {
    show_receipt(*receipt, out);
  } else if (event.as<event::Queued>() && marks_in_place()) {
    // Its mark and the status say it.
  } else if (const auto* presence = event.as<event::Presence>();
             presence != nullptr && is_return(*presence)) {
    // Nothing has changed for the user.
  } else {
    if (const auto* refused = event.as<event::Refused>()) show_refusal(*refused, out);
    out.push_back({.text = to_people(event, settings_.color)});
  }
  std::erase_if(out, [](const Output& each) { return each.text.empty() && each.typed == 0; });
  return out;
}

Target Transcript::conversation_of(const event::Message& message) const {
  if (message.group) return {{}, message.group};
  return {message.from == self_ && message.to ? message.to : message.from, {}};
}

// `style`: a faint line has no coloured names, which would end it.
std::string Transcript::name_of(const Target& conversation, const PeopleStyle& style) const {
  if (conversation.group) {
    const GroupRef group = names_.group(conversation.group);
    return style.plain("group", group.name, group.id);
  }
  const UserRef user = names_.user(conversation.user);
  return style.plain("user", user.name, user.id);
}

void Transcript::show_login(const event::LoggedIn& login, std::vector<Output>& out) {
  if (std::exchange(self_, login.id) != login.id) {
    messages_.forget();
    silenced_.clear();
    reached_.clear();
  }
  returning_ = login.again ? std::exchange(online_, {}) : std::set<UserId>();
  returned_by_ = clock_.unix_millis() + kReturnMs;
  online_.clear();
  for (const Friend& each : login.friends) {
    if (each.state == "online") online_.insert(each.id);
  }
  out.push_back({.text = to_people({login}, settings_.color)});
  if (!login.offline.empty()) out.push_back({.text = "While you were away:\n"});
  for (const event::Message& each : login.offline) {
    if (!is_own_sent(each, out)) show_message(each, conversation_of(each), out);
  }
}

// True for a note to oneself that was written here. Its push may come before its answer.
bool Transcript::is_own_sent(const event::Message& message, std::vector<Output>& out) {
  if (!self_ || message.from != self_) return false;
  ShownMessage* const known = messages_.of_cid(message.cid);
  if (known == nullptr) return false;
  known->seq = message.seq;
  change_progress(*known, Progress::kStored, out);
  return true;
}

bool Transcript::is_return(const event::Presence& presence) {
  const bool returns = returning_.erase(presence.id) > 0 && clock_.unix_millis() < returned_by_;
  if (presence.state != "online") {
    online_.erase(presence.id);
    return false;
  }
  online_.insert(presence.id);
  return returns;
}

bool Transcript::has_shown(const Target& conversation) const {
  const auto& all = messages_.all();
  return std::any_of(all.begin(), all.end(),
                     [&](const ShownMessage& each) { return each.conversation == conversation; });
}

void Transcript::show_history(const event::History& history, std::vector<Output>& out) {
  const bool empty = history.messages.empty();
  const std::string where = fmt::format(
      "{} {} {}:", history.from_first_unread ? "Unread" : "Earlier",
      history.target.group ? "in" : "with", name_of(history.target, PeopleStyle(false)));
  out.push_back({.text = style_.dim(empty ? "No messages yet." : where)});
  note_answered(history);
  const auto current = std::exchange(current_, history.target);  // the lines need not name it
  bool any = false;
  for (const event::Message& each : history.messages) {
    if (!event::shows_in_history(each)) continue;
    show_message(each, history.target, out, true);
    any = true;
  }
  current_ = current;
  for (Output& each : out) each.alerts = false;
  if (!any && !empty) out.push_back({.text = style_.dim("(only edits and recalls here)")});
  if (const std::string rest = rest_of(history); !rest.empty()) {
    out.push_back({.text = style_.dim(rest)});
  }
}

// What follows a part of a conversation.
std::string Transcript::rest_of(const event::History& history) {
  if (history.left_unread == 0) return history.cursor.empty() ? "" : "/more shows older messages.";
  return fmt::format("{} {} unread message{}: /more shows {}. Writing here marks all as read.",
                     history.left_unread, history.from_first_unread ? "newer" : "earlier",
                     history.left_unread == 1 ? "" : "s",
                     history.from_first_unread ? "them" : "older messages");
}

// Who answers in a direct chat has read what came before; the server takes it so, too.
void Transcript::note_answered(const event::History& history) {
  if (history.target.group) return;
  UnixMillis answered = 0;
  for (const event::Message& each : history.messages) {
    if (event::counts_as_unread(each, self_)) answered = std::max(answered, each.ts);
  }
  if (answered == 0) return;  // or an older server, without times
  Reached& reached = reached_[history.target];
  for (const event::Message& each : history.messages) {
    if (each.from == self_ && each.ts <= answered) reached.read = std::max(reached.read, each.seq);
  }
}

Progress Transcript::progress_of(const Target& conversation, Seq seq) const {
  const auto found = reached_.find(conversation);
  if (found == reached_.end() || seq == 0) return Progress::kStored;
  if (seq <= found->second.read) return Progress::kRead;
  return seq <= found->second.delivered ? Progress::kDelivered : Progress::kStored;
}

void Transcript::show_message(const event::Message& message, const Target& conversation,
                              std::vector<Output>& out, bool earlier) {
  if (message.notice && message.notice->repeat) return;
  if (!message.extras.kind.empty()) return show_act(message, conversation, out);
  const Moment moment = moment_of(message.ts, message.time);
  const std::string day = day_line(moment);
  if (message.notice) {
    out.push_back({.text = day + notice_line(message, conversation, moment.clock)});
    return;
  }
  const bool own = self_ && message.from == self_;
  const ShownMessage& shown =
      messages_.add({.conversation = conversation,
                     .from = message.from,
                     .name = message.name,
                     .own = own,
                     .seq = message.seq,
                     .cid = message.cid,
                     .text = message.text,
                     .clock = moment.clock,
                     .place = place_of(conversation, own),
                     .extras = message.extras,
                     .progress = own ? progress_of(conversation, message.seq) : Progress::kStored,
                     .earlier = earlier});
  // The day is a print of its own: a message may be printed over.
  out.push_back({.text = day});
  out.push_back({.text = line_of(shown), .message = shown.number, .alerts = alerts(shown)});
}

std::string Transcript::notice_line(const event::Message& message, const Target& conversation,
                                    const std::string& clock) {
  const std::string where =
      current_ == conversation ? "" : name_of(conversation, PeopleStyle(false)) + ": ";
  return style_.dim(fmt::format("{} * {}{}", clock, where, notice_text(message, names_)));
}

bool Transcript::alerts(const ShownMessage& message) const {
  if (message.own) return false;
  const bool direct = !message.conversation.group && !silenced_.contains(message.conversation);
  return direct || mentions_user(message);
}

void Transcript::silence(const Target& conversation, bool silent) {
  if (silent) {
    silenced_.insert(conversation);
  } else {
    silenced_.erase(conversation);
  }
}

bool Transcript::mentions_user(const ShownMessage& message) const {
  const std::vector<UserId>& at = message.extras.at;
  return message.extras.at_all || std::find(at.begin(), at.end(), self_) != at.end();
}

// Which conversation it belongs to, unless that is the current one.
std::string Transcript::place_of(const Target& conversation, bool own) const {
  if (current_ == conversation) return {};
  if (own) return " to " + name_of(conversation, style_);
  if (conversation.group) return " in " + name_of(conversation, style_);
  return current_ ? " (direct)" : "";
}

std::string Transcript::mark_of(Progress progress) const {
  if (settings_.marks == MarkStyle::kOff) return ":";
  switch (progress) {
    case Progress::kSending: return style_.faint("··");
    case Progress::kStored: return style_.faint("✓ ");
    case Progress::kDelivered: return style_.faint("✓✓");
    case Progress::kRead: return style_.good("✓✓");
    case Progress::kFailed: return style_.alarm("✗ ");
  }
  return {};
}

std::string Transcript::label_of(const ShownMessage& message) const {
  return style_.faint(fmt::format("[{}]", message.number));
}

std::string Transcript::quote_of(const ShownMessage& message) {
  if (!message.extras.reply) return {};
  const event::ReplyRef& reply = *message.extras.reply;
  const ShownMessage* const target = messages_.of(message.conversation, reply.id, reply.seq);
  std::string what = "an earlier message";
  if (target != nullptr) {
    what =
        fmt::format("[{}] {}: {}", target->number, target->own ? "you" : shown_name(target->name),
                    target->extras.recalled ? "(recalled)" : first_line(target->text));
  }
  return style_.faint("↪ " + what) + "\n  │ ";
}

std::string Transcript::text_of(const ShownMessage& message) const {
  if (message.extras.recalled) return style_.faint("(recalled)");
  std::string text = harmless_text(message.text);
  if (!message.own && mentions_user(message)) text = style_.highlight(text);
  return message.extras.edited ? text + style_.faint(" (edited)") : text;
}

std::string Transcript::line_of(const ShownMessage& message) {
  const bool marked = message.own && settings_.marks != MarkStyle::kLines;
  const std::string who =
      message.own ? style_.bold("you") : style_.person(message.from, message.name);
  const std::string mark =
      marked ? (settings_.marks == MarkStyle::kOff ? ":" : " " + mark_of(message.progress)) : ":";
  return fmt::format("{} {} {}{}{} {}{}\n", style_.faint(message.clock), label_of(message), who,
                     message.place, mark, quote_of(message), text_of(message));
}

void Transcript::show_sending(const event::Sending& sending, std::vector<Output>& out) {
  const Moment moment = moment_of(clock_.unix_millis(), "");
  const ShownMessage& shown = messages_.add({.conversation = sending.target,
                                             .from = self_,
                                             .own = true,
                                             .cid = sending.cid,
                                             .text = sending.text,
                                             .clock = moment.clock,
                                             .place = place_of(sending.target, true),
                                             .extras = sending.extras});
  // The typed line itself shows it.
  if (settings_.marks == MarkStyle::kLines || !settings_.changes_in_place) {
    if (settings_.changes_in_place) out.push_back({.typed = shown.number});
    return;
  }
  if (const std::string day = day_line(moment); !day.empty()) {
    out.push_back(
        {.text = day, .over_entered_line = true, .otherwise = day, .typed = shown.number});
    out.push_back({.text = line_of(shown), .message = shown.number});
    return;
  }
  out.push_back({.text = line_of(shown),
                 .over_entered_line = true,
                 .otherwise = line_of(shown),
                 .message = shown.number,
                 .typed = shown.number});
}

void Transcript::change_progress(ShownMessage& message, Progress progress,
                                 std::vector<Output>& out) {
  if (progress <= message.progress) return;
  message.progress = progress;
  if (settings_.marks != MarkStyle::kQuiet || message.print == 0) return;
  out.push_back({.text = line_of(message), .over = message.print});
  if (progress != Progress::kStored && progress != Progress::kFailed) return;
  const bool stored = progress == Progress::kStored;
  out.back().otherwise = style_.dim(fmt::format("  {} [{}] {}", stored ? "✓" : "✗", message.number,
                                                stored ? "is stored" : "was refused"));
  out.back().if_lost = stored;
}

void Transcript::show_sent(const event::Sent& sent, std::vector<Output>& out) {
  ShownMessage* const message = messages_.of_cid(sent.cid);
  if (message != nullptr) {
    message->seq = sent.seq;
    change_progress(*message, Progress::kStored, out);
    // Its receipt may have come before.
    change_progress(*message, progress_of(sent.target, sent.seq), out);
  }
  if (settings_.marks == MarkStyle::kOff || marks_in_place()) return;
  const std::string to = sent.target.group ? fmt::format("to group {}", sent.target.group.value)
                                           : fmt::format("to {}", sent.target.user.value);
  const std::string number = message != nullptr ? fmt::format(" [{}]", message->number) : "";
  out.push_back({.text = style_.dim(fmt::format("  ✓ #{} {}{}", sent.seq, to, number))});
}

// A receipt covers all messages up to a seq.
void Transcript::show_receipt(const event::Receipt& receipt, std::vector<Output>& out) {
  const Target of = receipt.group ? Target{{}, receipt.group} : Target{receipt.id, {}};
  const Progress progress = receipt.kind == "read" ? Progress::kRead : Progress::kDelivered;
  Reached& reached = reached_[of];
  Seq& up_to = progress == Progress::kRead ? reached.read : reached.delivered;
  up_to = std::max(up_to, receipt.seq);
  ShownMessage* newest = nullptr;
  for (ShownMessage& each : messages_.all()) {
    if (!each.own || each.seq == 0 || each.seq > receipt.seq || each.conversation != of) continue;
    if (progress <= each.progress) continue;
    change_progress(each, progress, out);
    newest = &each;
  }
  if (receipt.newest_own == 0 || settings_.marks == MarkStyle::kOff) return;
  const std::string who = receipt.group ? fmt::format("everybody in group {}", receipt.group.value)
                          : receipt.name.empty() ? fmt::format("user {}", receipt.id.value)
                                                 : shown_name(receipt.name);
  const bool read = progress == Progress::kRead;
  if (settings_.marks == MarkStyle::kLines || !settings_.changes_in_place) {
    out.push_back({.text = style_.dim(fmt::format("  ✓✓ {} {} up to #{}", who,
                                                  read ? "has read" : "has", receipt.newest_own))});
  } else if (newest != nullptr && read && !out.empty()) {
    const std::string where = of.group ? "everybody in " + name_of(of, PeopleStyle(false))
                                       : name_of(of, PeopleStyle(false));
    out.back().otherwise = style_.dim(fmt::format("  ✓✓ {} has read [{}]", where, newest->number));
  }
}

void Transcript::show_refusal(const event::Refused& refused, std::vector<Output>& out) {
  const bool is_chat = refused.command == "chat" || refused.command == "group";
  if (!is_chat) return;
  ShownMessage* const message =
      refused.cid.empty() ? messages_.first_sending(refused.target) : messages_.of_cid(refused.cid);
  if (message != nullptr && message->progress == Progress::kSending) {
    change_progress(*message, Progress::kFailed, out);
  }
}

void Transcript::show_act(const event::Message& message, const Target& conversation,
                          std::vector<Output>& out) {
  ShownMessage* const target = messages_.of(conversation, message.from, message.extras.ref);
  if (target != nullptr && message.seq > 0) {
    if (message.seq <= target->changed_by) return;
    target->changed_by = message.seq;
  }
  const Moment moment = moment_of(message.ts, message.time);
  const std::string day = day_line(moment);
  const bool recall = message.extras.kind == "recall";
  const std::string place = current_ == conversation || !conversation.group
                                ? ""
                                : " in " + name_of(conversation, PeopleStyle(false));
  const std::string which =
      target != nullptr ? fmt::format("[{}]", target->number) : "an earlier message";
  const std::string text = recall ? "" : ": " + harmless_text(message.text);
  const bool own = self_ && message.from == self_;
  if (target != nullptr) act_on(*target, message.extras, message.text, out);
  const std::string what =
      fmt::format("{} * {} {} {}{}", moment.clock, own ? "you" : shown_name(message.name),
                  recall ? "recalled" : "edited", which, place);
  out.push_back({.text = day + style_.dim(what + text)});
  if (recall || target == nullptr) return;
  out.back().copy_of = target->number;
  out.back().instead = day + style_.dim(what);
}

void Transcript::act_on(ShownMessage& target, const event::MessageExtras& act,
                        const std::string& text, std::vector<Output>& out) {
  if (act.kind == "recall") {
    target.extras.recalled = true;
    target.text.clear();
  } else if (!target.extras.recalled) {
    target.extras.edited = true;
    target.text = text;
  }
  print_again(target, target.extras.recalled, out);
  for (ShownMessage& each : messages_.all()) {
    if (each.answers(target)) print_again(each, target.extras.recalled, out);  // it quotes the text
  }
  if (target.extras.recalled) target.copies.clear();
}

// Wherever it is on the screen.
void Transcript::print_again(const ShownMessage& message, bool erases, std::vector<Output>& out) {
  const std::string line = line_of(message);
  for (const PrintedCopy& copy : message.copies) {
    const bool is_line = copy.instead.empty();
    if (!is_line && !message.extras.recalled) continue;
    out.push_back({.text = is_line ? line : copy.instead, .over = copy.print, .erases = erases});
  }
  if (message.print != 0) out.push_back({.text = line, .over = message.print, .erases = erases});
}

std::vector<Transcript::Output> Transcript::show_own_act(const ShownMessage& of, Seq seq,
                                                         const event::MessageExtras& act,
                                                         const std::string& text) {
  std::vector<Output> out;
  event::Message message;
  message.from = self_;
  message.text = text;
  message.ts = clock_.unix_millis();
  message.seq = seq;
  message.extras = act;
  show_act(message, of.conversation, out);
  if (act.kind == "edit") {                          // the typed command repeats the text
    if (out.empty()) return {{.typed = of.number}};  // the event came first
    out.back().over_entered_line = true;
    out.back().otherwise = out.back().text;
    out.back().typed = out.back().copy_of;
  }
  return out;
}

}  // namespace chat::client

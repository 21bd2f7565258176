// What people see: the transcript, the status above the typed line, the current conversation.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "client/core/text.h"
#include "client/terminal/commands/command_parser.h"
#include "client/terminal/editor/line_view.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/terminal_client.h"

namespace chat::client {

void TerminalClient::show_to_people(const Event& event) {
  // The status says it, with the seconds that are left.
  if (editor_ && reading_ && event.as<event::Reconnecting>()) return show_status();
  const auto* refused = event.as<event::Refused>();
  if (refused != nullptr && tries_token_ && refused->error == "invalid_token") return;
  base::MutexLock lock(output_mutex_);
  put_locked(transcript_.show(event));
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
      if (over != 0 && editor_->print_over(over, each.text)) {
        print = over;
      } else if (!below.empty()) {
        print = editor_->print_rows(below);
        written = print != 0;
      }
    }
    if (each.message != 0 && print != 0) transcript_.printed(each.message, print);
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
  if (session_.connected() || ending_ != 0 || !next_try_) return editor_->set_status("");
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(*next_try_ - base::system_clock().now());
  const std::string why = attempt_failure_.empty() ? "" : ": " + harmless(attempt_failure_);
  editor_->set_status(fmt::format("Reconnecting in {} s (attempt {}){}",
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

void TerminalClient::show_current() {
  if (const auto target = need_current()) {
    show({event::Current{*target, shown_target(*target)}});
  }
}

}  // namespace chat::client

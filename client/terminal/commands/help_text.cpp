#include "client/terminal/commands/help_text.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

#include "client/terminal/commands/command_parser.h"

namespace chat::client {
namespace {

constexpr std::string_view kNames =
    "NAME is a user and GROUP a group, by name or by ID. A name with spaces, or of digits only, "
    "goes in\nquotation marks: \"Anna Lee\", \"123\".\n";

constexpr std::string_view kEveryday[] = {
    "/to",   "/inbox", "/history", "/reply", "/edit",        "/recall", "/friends",
    "/find", "/add",   "/groups",  "/join",  "/creategroup", "/logout", "/quit",
};
constexpr std::string_view kMore =
    "/help all lists all commands; /help account, people, groups, conversations or messages those\n"
    "of a topic, and /help COMMAND explains one. Tab completes commands and names.\n";

// The explanations of full-width help begin here, unless the command is longer.
constexpr std::size_t kExplanationColumn = 36;
constexpr int kFullWidth = 80;
constexpr int kIndent = 6;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The words of `text` on rows with an indent.
std::string wrapped(std::string_view text, int indent, int columns) {
  std::string out;
  int used = columns;
  while (!(text = trim(text)).empty()) {
    const std::string_view word = take_until(text, ' ');
    const int cells = static_cast<int>(word.size());
    const bool fits = used + 1 + cells <= columns;
    if (fits) out += ' ';
    if (!fits && !out.empty()) out += '\n';
    if (!fits) out.append(static_cast<std::size_t>(indent), ' ');
    used = (fits ? used + 1 : indent) + cells;
    out += word;
  }
  return out.empty() ? out : out + '\n';
}

// A row of help is a command and, two blanks or more later, its explanation, which may continue on
// rows that begin with blanks. Rows that do not begin with a blank are titles and sentences.
struct HelpRow {
  std::string_view command;
  std::string_view explanation;
  bool sentence = false;
};

HelpRow split(std::string_view line) {
  const auto begin = line.find_first_not_of(' ');
  if (begin == 0) return {{}, line, true};
  if (begin == std::string_view::npos || begin >= kExplanationColumn) return {{}, line};
  const auto end = line.find("  ", begin);
  if (end == std::string_view::npos) return {line, {}};
  return {line.substr(0, end), line.substr(end)};
}

std::string help_of_topic(std::string_view title) {
  std::string out;
  for (const Topic& topic : topics()) {
    if (title != lower(topic.title)) continue;
    for (const CommandRow& each : topic.rows) out += each.help;
  }
  return out;
}

// Commands without a text of their own are in that of another: "/unpin" in that of "/pin".
std::string help_of_command(std::string_view word) {
  const CommandRow* const row = find_row(word);
  if (row == nullptr) return {};
  if (!row->help.empty()) return std::string(row->help);
  for (const Topic& topic : topics()) {
    for (const CommandRow& each : topic.rows) {
      if (each.help.find(word) != each.help.npos) return std::string(each.help);
    }
  }
  return {};
}

}  // namespace

const std::string& command_help() {
  static const std::string help = [] {
    std::string text;
    for (const Topic& topic : topics()) {
      text.append(topic.title).append(":\n");
      for (const CommandRow& row : topic.rows) text += row.help;
    }
    return text.append(kNames);
  }();
  return help;
}

std::optional<std::string> help_on(std::string_view about) {
  const std::string word = lower(trim(about));
  if (word.empty()) {
    std::string out;
    for (const std::string_view each : kEveryday) out += find_row(each)->help;
    return out.append(kMore);
  }
  if (word == "all") return command_help();
  std::string help = help_of_topic(word);
  if (help.empty()) help = help_of_command(word.starts_with('/') ? word : '/' + word);
  if (help.empty()) return std::nullopt;
  return help;
}

std::string fit_help(const std::string& help, int columns) {
  if (columns >= kFullWidth) return help;
  std::string out;
  std::string text;
  bool sentence = false;
  const auto put_text = [&] {
    out += wrapped(std::exchange(text, {}), sentence ? 0 : kIndent, columns);
  };
  for (std::string_view rest = help; !rest.empty();) {
    const HelpRow row = split(take_until(rest, '\n'));
    if (!row.command.empty() || row.sentence != sentence) put_text();
    if (!row.command.empty()) out.append(row.command).append("\n");
    sentence = row.sentence;
    text.append(" ").append(row.explanation);
  }
  put_text();
  return out;
}

}  // namespace chat::client

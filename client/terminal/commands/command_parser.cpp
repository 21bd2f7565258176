#include "client/terminal/commands/command_parser.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "chat/protocol/utf8.h"
#include "client/terminal/commands/command_text.h"

namespace chat::client {
namespace {

struct Topic {
  std::string_view title;
  std::span<const CommandRow> rows;
};

std::array<Topic, 5> topics() {
  return {{{"Account", account_rows()},
           {"People", people_rows()},
           {"Groups", group_rows()},
           {"Conversations", message_rows()},
           {"Messages", chat_rows()}}};
}

template <typename Visit>
void for_each_row(Visit visit) {
  for (const Topic& topic : topics()) {
    for (const CommandRow& row : topic.rows) visit(row);
  }
}

template <typename Matches>
const CommandRow* find_if(Matches matches) {
  const CommandRow* found = nullptr;
  for_each_row([&](const CommandRow& row) {
    if (found == nullptr && matches(row)) found = &row;
  });
  return found;
}

constexpr std::string_view kHelpEnd =
    "NAME is a user and GROUP a group, by name or by ID. A name with spaces, or of digits only, "
    "goes "
    "in\nquotation marks: \"Anna Lee\", \"123\".\n";

// A row and the spelling used.
struct Spelling {
  const CommandRow* row = nullptr;  // nullptr: no such command
  Parsed (*parse)(std::string_view rest) = nullptr;
};

// Removes the command's word from the front.
Spelling take_spelling(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const bool slash = line.starts_with('/');
  const std::string_view word = trim(take_until(line, slash ? ' ' : ':'));
  if (word.empty()) return {};
  if (slash) {
    const CommandRow* const row = find_row(word);
    return row == nullptr ? Spelling{} : Spelling{row, row->parse};
  }
  const CommandRow* const row =
      find_if([word](const CommandRow& each) { return each.original == word; });
  if (row == nullptr) return {};
  return {row, row->parse_original != nullptr ? row->parse_original : row->parse};
}

// Of a conversation.
bool is_plain_text(std::string_view text) {
  return !text.starts_with('/') || text.starts_with("//");
}

// True if the arguments may include the code of an invitation.
bool has_code(std::string_view arguments) {
  return trim(arguments).starts_with("--code");
}

// Names a command that was probably meant, but not what was typed: it may be a password.
tl::unexpected<std::string> unknown(std::string_view line) {
  constexpr std::size_t kShortest = 4;  // shorter words are like too many
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  const CommandRow* const meant = find_if([word](const CommandRow& each) {
    if (!word.starts_with('/') || word.size() < kShortest) return false;
    return each.word.starts_with(word) || word.starts_with(each.word) ||
           each.word.ends_with(word.substr(1));
  });
  if (meant == nullptr) return wrong("unknown command; /help lists them");
  return wrong("unknown command: did you mean " + std::string(meant->word) + "? /help lists all");
}

}  // namespace

const CommandRow* find_row(std::string_view word) {
  return find_if([word](const CommandRow& each) { return each.word == word; });
}

Parsed parse_command(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.empty()) return command::Nothing{};
  if (!protocol::is_valid_utf8(line)) return wrong("the line is not valid UTF-8");
  std::string_view rest = line;
  const Spelling command = take_spelling(rest);
  return command.row != nullptr ? command.parse(rest) : unknown(line);
}

Parsed parse_in_conversation(std::string_view line, const Target& conversation) {
  const std::string_view text = trim(line);
  if (text.empty()) return command::Nothing{};
  if (!is_plain_text(text)) return parse_command(line);
  if (!protocol::is_valid_utf8(line)) return wrong("the line is not valid UTF-8");
  if (text.starts_with('/')) line = text.substr(1);
  command::Recipient to;
  to.is_group = static_cast<bool>(conversation.group);
  to.group.id = conversation.group;
  to.user.id = conversation.user;
  return command::Chat{std::move(to), std::string(line)};
}

bool may_be_remembered(std::string_view line, bool in_conversation) {
  std::string_view first = line;
  const bool is_text = in_conversation && is_plain_text(trim(line));
  if (!is_text && take_spelling(first).row == nullptr) return false;
  while (!line.empty()) {
    std::string_view each = take_until(line, '\n');
    const CommandRow* const row = take_spelling(each).row;
    if (row != nullptr && (row->secret || has_code(each))) return false;
  }
  return true;
}

const std::string& command_help() {
  static const std::string help = [] {
    std::string text;
    for (const Topic& topic : topics()) {
      text.append(topic.title).append(":\n");
      for (const CommandRow& row : topic.rows) text += row.help;
    }
    return text.append(kHelpEnd);
  }();
  return help;
}

const std::vector<std::string_view>& command_words() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> found;
    for_each_row([&](const CommandRow& row) { found.push_back(row.word); });
    std::sort(found.begin(), found.end());
    return found;
  }();
  return words;
}

}  // namespace chat::client

#include "client/terminal/commands/command_parser.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "chat/protocol/utf8.h"
#include "client/terminal/commands/command_text.h"

namespace chat::client {
namespace {

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

// True if the arguments may include the code of an invitation. Where /invite makes one, at most two
// numbers follow.
bool has_code(std::string_view arguments) {
  constexpr std::string_view kOption = "--code";
  const auto at = arguments.find(kOption);
  if (at == arguments.npos) return false;
  arguments.remove_prefix(at + kOption.size());
  while (!trim(arguments).empty()) {
    if (!parse_number(take_word(arguments))) return true;
  }
  return false;
}

// How many letters must be changed, added, removed, or swapped with the next, to make one of the
// other.
std::size_t typing_errors(std::string_view typed, std::string_view meant) {
  std::vector<std::vector<std::size_t>> cost(typed.size() + 1,
                                             std::vector<std::size_t>(meant.size() + 1));
  for (std::size_t i = 0; i <= typed.size(); ++i) {
    for (std::size_t j = 0; j <= meant.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t change = typed[i - 1] == meant[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      const bool swapped =
          i > 1 && j > 1 && typed[i - 1] == meant[j - 2] && typed[i - 2] == meant[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[typed.size()][meant.size()];
}

// The command with the fewest differences, if they are few.
const CommandRow* closest(std::string_view word) {
  constexpr std::size_t kLong = 7;
  constexpr std::size_t kLongest = 20;  // of any command
  if (!word.starts_with('/') || word.size() > kLongest) return nullptr;
  const CommandRow* found = nullptr;
  std::size_t fewest = word.size() < kLong ? 2 : 3;
  for_each_row([&](const CommandRow& each) {
    const std::size_t errors = typing_errors(word, each.word);
    if (errors >= fewest) return;
    fewest = errors;
    found = &each;
  });
  return found;
}

// Names a command that was probably meant, but not what was typed: it may be a password.
tl::unexpected<std::string> unknown(std::string_view line) {
  constexpr std::size_t kShortest = 4;  // shorter words are like too many
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  const CommandRow* meant = find_if([word](const CommandRow& each) {
    if (!word.starts_with('/') || word.size() < kShortest) return false;
    return each.word.starts_with(word) || word.starts_with(each.word) ||
           each.word.ends_with(word.substr(1));
  });
  if (meant == nullptr) meant = closest(word);
  if (meant == nullptr) return wrong("unknown command; /help all lists them");
  return wrong("unknown command: did you mean " + std::string(meant->word) +
               "? /help all lists all");
}

}  // namespace

const std::array<Topic, 5>& topics() {
  static const std::array<Topic, 5> all{{{"Account", account_rows()},
                                         {"People", people_rows()},
                                         {"Groups", group_rows()},
                                         {"Conversations", message_rows()},
                                         {"Messages", chat_rows()}}};
  return all;
}

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

bool is_text_without_target(std::string_view line) {
  std::string_view rest = line;
  return is_plain_text(trim(line)) && take_spelling(rest).row == nullptr;
}

bool is_command(std::string_view line, std::string_view word) {
  const CommandRow* const row = take_spelling(line).row;
  return row != nullptr && row->word == word;
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

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "client/terminal/commands/command.h"
#include "client/terminal/commands/command_text.h"

// The table of commands: one row each, by topic.
namespace chat::client {

using Parsed = tl::expected<Command, std::string>;

inline tl::unexpected<std::string> wrong(std::string text) {
  return tl::make_unexpected(std::move(text));
}

// What an argument is, for its completion.
enum class Takes : std::uint8_t { kNothing, kUser, kGroup, kEither, kWord };

// One command: its word, its line of /help, and the parser of its arguments.
struct CommandRow {
  std::string_view word{};
  std::string_view help{};
  Parsed (*parse)(std::string_view rest) = nullptr;
  // The spelling of the original clients; empty: none.
  std::string_view original{};
  Parsed (*parse_original)(std::string_view rest) = nullptr;  // nullptr: as `parse`
  bool secret = false;  // the arguments may include a password
  std::array<Takes, 2> takes{};
  std::string_view words{};  // those of a kWord, separated by blanks
};

std::span<const CommandRow> account_rows();
std::span<const CommandRow> people_rows();
std::span<const CommandRow> group_rows();
std::span<const CommandRow> chat_rows();
std::span<const CommandRow> message_rows();

struct Topic {
  std::string_view title;
  std::span<const CommandRow> rows;
};
const std::array<Topic, 5>& topics();

// Removes the name of a user or of a group from the front, or "group" and the name of a group. An
// id alone is a user's.
tl::expected<command::Recipient, std::string> take_either(std::string_view& rest);

template <typename T>
Parsed parse_bare(std::string_view rest) {
  if (!trim(rest).empty()) return wrong("this command takes no arguments; /help all lists all");
  return T{};
}

}  // namespace chat::client

#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "client/terminal/commands/command.h"
#include "client/terminal/commands/command_row.h"

// From typed lines to commands.
namespace chat::client {

// Parses a line without its line end. The error is a sentence that never repeats the line, which
// may contain a password.
tl::expected<Command, std::string> parse_command(std::string_view line);

// Likewise while there is a current conversation: lines that begin with a slash are commands, all
// others are text for it, and two slashes stand for one at the beginning of a text.
tl::expected<Command, std::string> parse_in_conversation(std::string_view line,
                                                         const Target& conversation);

// True if the line is no command, but would be a text if there were a current conversation.
bool is_text_without_target(std::string_view line);

// True if the line is the command with this word ("/to"), whatever its arguments.
bool is_command(std::string_view line, std::string_view word);

// True if the line may be kept in the history: it is text for a conversation (`in_conversation`),
// or it begins with a command, and none of its lines with
// one that takes a password. Anything else may be a mistyped command, or a password.
bool may_be_remembered(std::string_view line, bool in_conversation = false);

// "/add", "/chat" …, ascending.
const std::vector<std::string_view>& command_words();

// The row of a command ("/add"); nullptr: there is none.
const CommandRow* find_row(std::string_view word);

}  // namespace chat::client

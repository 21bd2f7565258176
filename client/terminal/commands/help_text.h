#pragma once

#include <optional>
#include <string>
#include <string_view>

// The texts of /help, from the table of commands.
namespace chat::client {

// All commands.
const std::string& command_help();

// What a person asked about: a topic ("groups"), a command ("/pin", "pin") or "all"; empty: the
// commands used every day. Nothing if there is no such command or topic.
std::optional<std::string> help_on(std::string_view about);

// On a narrow terminal the explanations go to lines of their own.
std::string fit_help(const std::string& help, int columns);

}  // namespace chat::client

#pragma once

#include <optional>
#include <string>

namespace chat::client::control {

// Asks for a password on the terminal, twice and without echo; from anything else than a terminal,
// reads one line. Nothing at the end of the input, or if the two differ, after saying so.
std::optional<std::string> ask_password();

// Asks a question to which only "yes" agrees. False if standard input is no terminal.
bool confirm(const std::string& question);

}  // namespace chat::client::control

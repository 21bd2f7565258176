#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/core/contacts.h"

// Names in what the user types: commands take ids, people think in names. Pure leaves.
namespace chat::client {

// The line with the name that a command is about (/chat, /history: of a friend; /group and
// /history group: of a group) replaced by its id. A name with spaces stands in quotation marks.
// Anything else stays as it is.
std::string resolve_names(std::string_view line, const std::vector<Friend>& friends,
                          const std::vector<Group>& groups);

// What `before` (the line up to the cursor) may become: its word at the end completed to a command
// at the line's beginning, else to names of friends or groups that the command takes.
std::vector<std::string> completions(std::string_view before, const std::vector<Friend>& friends,
                                     const std::vector<Group>& groups);

}  // namespace chat::client

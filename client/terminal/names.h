#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/core/contacts.h"

// Replaces and completes names in the input, because commands take ids but users think in names.
// Pure functions.
namespace chat::client {

// Replaces the name in a command (/chat, /history: of a friend; /group and /history group: of a
// group) by its id. A name with spaces must be quoted. Any other line is returned unchanged.
std::string resolve_names(std::string_view line, const std::vector<Friend>& friends,
                          const std::vector<Group>& groups);

// The completions of `before`, the line up to the cursor: commands at the beginning of the line,
// otherwise names of friends or groups that the command takes.
std::vector<std::string> completions(std::string_view before, const std::vector<Friend>& friends,
                                     const std::vector<Group>& groups);

}  // namespace chat::client

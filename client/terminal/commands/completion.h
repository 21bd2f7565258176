#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/core/contacts.h"

namespace chat::client {

// The names that commands can complete, the likeliest first.
struct KnownRefs {
  std::vector<UserRef> users;
  std::vector<GroupRef> groups;
};

// The completions of `before`, the line up to the cursor: commands at the beginning of the line,
// otherwise names or words that the command takes there. A pure function.
std::vector<std::string> completions(std::string_view before, const KnownRefs& known);

}  // namespace chat::client

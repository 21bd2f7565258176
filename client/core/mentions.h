#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/core/contacts.h"
#include "client/core/event.h"

namespace chat::client {

// Sets in `extras` who is mentioned in a text to a group: @NAME for members, the longest name that
// fits, in letters of either case, and @all where `may_mention_all`. Other words after an @ are
// plain text; returns them.
std::vector<std::string> find_mentions(std::string_view text, const std::vector<Member>& members,
                                       bool may_mention_all, event::MessageExtras& extras);

}  // namespace chat::client

#pragma once

#include <cstdint>
#include <string>

#include "support/clients/client_view.h"

namespace chat::test::nemesis {

// How an item of the user's INBOX differs from what the conversation's HISTORY holds; empty if not
// at all. `read`: the highest seq that the user has sent READ for, which a crash may have lost.
std::string difference_of_item(std::int64_t user, Place place, const Json& item,
                               const Rows& history, std::int64_t read);

}  // namespace chat::test::nemesis

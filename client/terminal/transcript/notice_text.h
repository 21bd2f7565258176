#pragma once

#include <string>

#include "client/core/event.h"
#include "client/core/name_book.h"

namespace chat::client {

// What an event row says, with names as they are shown everywhere (shown_name()). The server's own
// text, in quotation marks, if the event is unknown, or a name in it. `message` has a notice.
std::string notice_text(const event::Message& message, const NameBook& names);

}  // namespace chat::client

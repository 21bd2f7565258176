#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "chat/protocol/request.h"

namespace chat::protocol {

// Few requests of the protocol have more fields.
inline constexpr std::size_t kUsualFields = 8;

// Reads a request as clients usually write it: one flat object of at most 16 fields; texts without
// escapes, unsigned integers that fit into an int64, true and false. Returns nothing for all other
// JSON (RFC 8259) and for invalid input, which the parser handles. Whatever is accepted here, the
// parser accepts with the same result; `msgid` is checked by the caller.
//
// `frame` must be valid UTF-8. For a chat of 150 bytes it takes a fifth of the parser's time, which
// was the largest single cost of a message on the I/O thread outside the kernel.
std::optional<Request> read_plain(std::string_view frame);

}  // namespace chat::protocol

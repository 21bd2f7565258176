#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "chat/protocol/request.h"

namespace chat::protocol {

// Few requests of the protocol have more fields.
inline constexpr std::size_t kUsualFields = 8;

// A request as clients ordinarily write it: one flat object of at most 16 fields; texts without
// escapes, integers without a sign that fit into an int64, true and false. The rest of JSON (RFC
// 8259) and all that is wrong gets nothing: that is for the parser, which alone refuses. What is
// taken here the parser would take just so; `msgid` is left to the caller.
//
// `frame` is valid UTF-8. Of a chat of 150 bytes it makes a request in a fifth of the parser's
// time, which was the largest single part of what a message costs the I/O thread outside of the
// kernel.
std::optional<Request> read_plain(std::string_view frame);

}  // namespace chat::protocol

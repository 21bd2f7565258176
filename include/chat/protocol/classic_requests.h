#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "chat/protocol/errors.h"
#include "chat/protocol/msgid.h"
#include "chat/protocol/request.h"

// Requests of unmodified clients of the original course; classic.h covers the other direction.
namespace chat::protocol {

enum class ClassicNumbers : std::uint8_t { kUnknown, kA, kB };

// Translates the msgid of a classic client's request to ours. The fields tell which request it is;
// its number must be A's or B's for that request, and `known` is set to that numbering. If `fixed`
// is not kUnknown, only that numbering is accepted. A number that does not match the fields is
// refused. Logins, and numbers above the table, are left alone.
std::optional<Refusal> read_classic(Request& request, ClassicNumbers fixed, ClassicNumbers& known);

// True for a registration: its refusal must be sent, because a classic client waits for the reply.
bool is_classic_registration(const Request& request);

// True if a classic client may have sent this: one of its requests, without foreign fields.
bool may_be_classic(const Request& request);

// The JSON objects that `frame` consists of: some classic clients send no terminator, so that
// several requests become one frame. Just the frame itself if it is anything else, or too many
// objects.
std::vector<std::string_view> objects_of(std::string_view frame);
// True if `text` is one or more whole objects and nothing else.
bool is_whole_objects(std::string_view text);

// The number of our message in that numbering; kUnknown is treated as A.
int number_in(ClassicNumbers numbers, Msgid msgid);

}  // namespace chat::protocol

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "chat/protocol/errors.h"
#include "chat/protocol/msgid.h"
#include "chat/protocol/request.h"

// What unmodified clients of the original course send; classic.h says what they are sent.
namespace chat::protocol {

enum class ClassicNumbers : std::uint8_t { kUnknown, kA, kB };

// Reads a request of a classic client: gives it the msgid that is ours. What it is, its fields
// tell; its number must be the one that A or B has for that, and `known` is set to which of them it
// is. Where `fixed` is not kUnknown only that numbering is taken. Refused: a number that does not
// fit the fields. Logins, and numbers above the table, are left alone.
std::optional<Refusal> read_classic(Request& request, ClassicNumbers fixed, ClassicNumbers& known);

// Whether refusing this request must be told: such a client waits for the answer to a registration.
bool is_classic_registration(const Request& request);

// Whether a course client may have written this: one of its requests, with no field but its own.
bool may_be_classic(const Request& request);

// The JSON objects that `frame` consists of: some variants send no terminator, so that several
// requests become one frame. Only the frame itself where it is anything else, or too many.
std::vector<std::string_view> objects_of(std::string_view frame);
// `text` is one or more whole objects and nothing else.
bool is_whole_objects(std::string_view text);

// The number that a message of ours has in that numbering; unknown ones are A's.
int number_in(ClassicNumbers numbers, Msgid msgid);

}  // namespace chat::protocol

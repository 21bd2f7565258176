#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/protocol/errors.h"
#include "chat/protocol/framing.h"
#include "chat/protocol/request.h"

// What unmodified clients of the original course understand.
//
// They read with recv(1024) and parse one object a read. So an object has at most 1023 bytes
// before its NUL; lists are arrays of strings, each a JSON text of its own, and are left out when
// empty; a text too long for one object goes out as several; and nothing else than the replies to
// login and register and the chat pushes is sent at all.
//
// Two numberings of the messages are in use among them:
//
//      logout register its ack one chat add friend create group add group group chat
//   A       3        4       5        6          7            8         9         10
//   B      10        3       4        5          6            7         8          9
namespace chat::protocol {

inline constexpr std::size_t kClassicMaxBytes = 1023;

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

// One of our replies or pushes, as the objects that a classic client gets: none, one, or, for a
// long text, several. `json` is valid: it was written here. Unknown numbers are A's.
std::vector<std::string> to_classic(std::string_view json,
                                    ClassicNumbers numbers = ClassicNumbers::kUnknown);

// Appends `json` in that framing; in classic framing as however many objects it is there.
void append_frames(std::string& out, Framing framing, std::string_view json,
                   ClassicNumbers numbers = ClassicNumbers::kUnknown);

// What a classic LOGIN_ACK has room for, of our LOGIN_ACK: groups without their users, then
// friends, then the groups' users, then offline messages. A course client learns the ids of its
// groups nowhere else.
struct ClassicWelcome {
  std::string json;
  std::size_t offline_count = 0;  // so many of offlinemsg, from the front, are in it
};
ClassicWelcome to_classic_welcome(std::string_view json,
                                  ClassicNumbers numbers = ClassicNumbers::kUnknown);

}  // namespace chat::protocol

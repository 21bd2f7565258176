#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/protocol/classic_requests.h"
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

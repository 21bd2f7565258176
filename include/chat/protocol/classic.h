#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chat/protocol/framing.h"

// What unmodified clients of the original course understand (protocol.md, "Classic clients").
//
// They read with recv(1024) and parse one object a read. So an object has at most 1023 bytes
// before its NUL; lists are arrays of strings, each a JSON text of its own, and are left out when
// empty; a text too long for one object goes out as several; and nothing else than the replies to
// login and register and the chat pushes is sent at all.
namespace chat::protocol {

inline constexpr std::size_t kClassicMaxBytes = 1023;

// One of our replies or pushes, as the objects that a classic client gets: none, one, or, for a
// long text, several. `json` is valid: it was written here.
std::vector<std::string> to_classic(std::string_view json);

// Appends `json` in that framing; in classic framing as however many objects it is there.
void append_frames(std::string& out, Framing framing, std::string_view json);

// What a classic LOGIN_ACK has room for, of our LOGIN_ACK.
struct ClassicWelcome {
  std::string json;
  std::size_t offline_count = 0;  // so many of offlinemsg, from the front, are in it
};
ClassicWelcome to_classic_welcome(std::string_view json);

}  // namespace chat::protocol

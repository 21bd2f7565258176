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

// Messages as unmodified clients of the original course understand them.
//
// These clients read with recv(1024) and parse one object per read. So an object has at most 1023
// bytes before its NUL; lists are arrays of strings, each a JSON text of its own, and are omitted
// when empty; a text too long for one object is split into several; and only the replies to login
// and register, the chat pushes, and announcements as chat pushes are sent at all.
//
// They use two numberings of the messages:
//
//      logout register its ack one chat add friend create group add group group chat
//   A       3        4       5        6          7            8         9         10
//   B      10        3       4        5          6            7         8          9
namespace chat::protocol {

inline constexpr std::size_t kClassicMaxBytes = 1023;

// Converts one of our replies or pushes to classic objects: none, one or, for a long text, several.
// `json` must be valid. Unknown numbers are treated as A.
std::vector<std::string> to_classic(std::string_view json,
                                    ClassicNumbers numbers = ClassicNumbers::kUnknown);

// Appends `json` in that framing; in classic framing it may become none or several objects.
void append_frames(std::string& out, Framing framing, std::string_view json,
                   ClassicNumbers numbers = ClassicNumbers::kUnknown);

// As much of our LOGIN_ACK as fits into a classic one, in this order: groups without their users,
// friends, the groups' users, offline messages. Groups come first because a classic client learns
// their ids nowhere else.
struct ClassicWelcome {
  std::string json;
  std::size_t offline_count = 0;  // how many of offlinemsg, from the front, fitted or are not shown
};
ClassicWelcome to_classic_welcome(std::string_view json,
                                  ClassicNumbers numbers = ClassicNumbers::kUnknown);

}  // namespace chat::protocol

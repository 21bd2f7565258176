#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

// The socket on which a server takes the commands of its operator (chatctl). Both sides send one
// JSON object per line:
//
//   {"command":"users","args":{"prefix":"al"}}
//   {"ok":true,"result":{…}}    or    {"ok":false,"error":"a sentence"}
//
// src/server/admin/admin_commands.cpp lists the commands.
namespace chat::protocol {

// A longer command is refused. Replies may be longer.
inline constexpr std::size_t kAdminLineMax = 64 * 1024;
// A connection that sends no complete command for this long is closed.
inline constexpr std::chrono::seconds kAdminPatience{30};

// The value of server.admin_socket that stands for default_admin_socket().
inline constexpr std::string_view kAdminSocketAuto = "auto";

// Beside the SQLite file. With a database server, a file of the node in var: `database_file` is
// then empty.
std::string default_admin_socket(std::string_view database_file, std::string_view node);

}  // namespace chat::protocol

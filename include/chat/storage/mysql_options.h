#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace chat::storage {

// How to connect to a MySQL or MariaDB server, and how long to wait for it.
struct MysqlOptions {
  std::string host;
  std::uint16_t port = 3306;
  std::string socket;  // if set, used instead of host and port
  std::string user;
  std::string password;
  std::string database;
  std::chrono::seconds connect_timeout{1};  // per answer until the connection is set up
  std::chrono::seconds io_timeout{5};       // per read or write after that
  std::chrono::seconds lock_wait{1};        // for a table lock of another session
};

}  // namespace chat::storage

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace chat::storage {

// Where a MySQL or MariaDB server is, and how long to wait for it.
struct MysqlOptions {
  std::string host;
  std::uint16_t port = 3306;
  std::string socket;  // where not empty, it is used instead of host and port
  std::string user;
  std::string password;
  std::string database;
  std::chrono::seconds connect_timeout{1};
  std::chrono::seconds io_timeout{5};  // for one read or write of the connection
  std::chrono::seconds lock_wait{1};   // for a table that somebody else has locked
};

}  // namespace chat::storage

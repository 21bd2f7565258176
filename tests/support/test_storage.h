#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/processes/mariadb_server.h"

namespace chat::test {

// "section.key=value", as --set takes it.
using Settings = std::vector<std::string>;

// True if the servers under test use MariaDB ($CHAT_TEST_STORAGE is "mysql"). The same tests run on
// both. If MariaDB is requested but not installed, all tests are skipped.
bool on_mysql();

// The MariaDB server of this test program, started on first use.
MariadbServer& mariadb();

// The storage of one chat server: an SQLite file in `dir`, or a separate database in mariadb().
class TestStorage {
 public:
  explicit TestStorage(const std::filesystem::path& dir);

  // The settings for the chat server.
  const Settings& settings() const { return settings_; }
  const std::string& database() const { return database_; }
  const std::filesystem::path& file() const { return file_; }
  // The first column of the first row of a statement that both dialects understand.
  std::int64_t number(const std::string& sql) const;
  void execute(const std::string& sql) const;

 private:
  std::filesystem::path file_;
  std::string database_;  // its name in mariadb()
  Settings settings_;
};

}  // namespace chat::test

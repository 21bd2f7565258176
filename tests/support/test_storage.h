#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/processes/mariadb_server.h"

namespace chat::test {

// "section.key=value", as --set takes it.
using Settings = std::vector<std::string>;

// Whether the servers under test keep their data in MariaDB: $CHAT_TEST_STORAGE is "mysql". The
// same tests run on either. Where MariaDB is wanted and not installed, all tests are skipped.
bool on_mysql();

// The one MariaDB server of this test program; started when first asked for.
MariadbServer& mariadb();

// What one chat server keeps its data in: an SQLite file in `dir`, or a database of its own in
// mariadb().
class TestStorage {
 public:
  explicit TestStorage(const std::filesystem::path& dir);

  // What the chat server is started with.
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

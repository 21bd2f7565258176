#pragma once

#include <filesystem>
#include <memory>
#include <string>

struct sqlite3;

namespace chat::test {

// A foreign write transaction on an SQLite file, which blocks all other writers.
class SqliteLock {
 public:
  explicit SqliteLock(const std::filesystem::path& file);
  ~SqliteLock();

  // Runs the statement and ends the transaction.
  void commit(const std::string& sql);

 private:
  void execute(const std::string& sql);

  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_;
};

}  // namespace chat::test

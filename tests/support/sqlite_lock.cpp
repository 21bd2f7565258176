#include "support/sqlite_lock.h"

#include <sqlite3.h>

#include <stdexcept>

namespace chat::test {

SqliteLock::SqliteLock(const std::filesystem::path& file) : database_(nullptr, &sqlite3_close) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  database_.reset(raw);
  if (opened != SQLITE_OK) throw std::runtime_error("cannot open " + file.string());
  sqlite3_busy_timeout(raw, 5000);
  execute("BEGIN IMMEDIATE");
}

SqliteLock::~SqliteLock() = default;

void SqliteLock::commit(const std::string& sql) {
  execute(sql);
  execute("COMMIT");
}

void SqliteLock::execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sql + ": " + sqlite3_errmsg(database_.get()));
  }
}

}  // namespace chat::test

#include "support/test_storage.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "support/clients/secrets.h"

namespace chat::test {
namespace {

class NeedsItsStorage : public ::testing::Environment {
 public:
  void SetUp() override {
    if (!on_mysql()) return;
    if (const std::string why = MariadbServer::missing(); !why.empty()) GTEST_SKIP() << why;
  }
};

[[maybe_unused]] const auto* const kRegistered =
    ::testing::AddGlobalTestEnvironment(new NeedsItsStorage);

std::string new_database_name() {
  static std::atomic<int> last = 0;
  return "chat_" + std::to_string(++last);
}

std::int64_t sqlite_number(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(raw, &sqlite3_close);
  sqlite3_busy_timeout(raw, 5000);
  sqlite3_stmt* statement = nullptr;
  if (opened != SQLITE_OK ||
      sqlite3_prepare_v2(raw, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sql + ": " + sqlite3_errmsg(raw));
  }
  const int code = sqlite3_step(statement);
  const std::int64_t number = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    throw std::runtime_error(sql + ": " + sqlite3_errmsg(raw));
  }
  return number;
}

}  // namespace

bool on_mysql() {
  const char* storage = std::getenv("CHAT_TEST_STORAGE");
  return storage != nullptr && std::string_view(storage) == "mysql";
}

MariadbServer& mariadb() {
  static MariadbServer server;
  return server;
}

TestStorage::TestStorage(const std::filesystem::path& dir) : file_(dir / "chat.db") {
  if (!on_mysql()) {
    settings_ = {"storage.path=" + file_.string()};
    return;
  }
  database_ = new_database_name();
  note_secret(MariadbServer::password());
  mariadb().create_database(database_);
  settings_ = {"storage.engine=mysql", "mysql.socket=" + mariadb().socket(),
               "mysql.user=" + database_, "mysql.database=" + database_,
               std::string("mysql.password=") + MariadbServer::password()};
}

std::int64_t TestStorage::number(const std::string& sql) const {
  if (!on_mysql()) return sqlite_number(file_, sql);
  return std::stoll(mariadb().query(sql, database_));
}

void TestStorage::execute(const std::string& sql) const {
  if (on_mysql()) {
    mariadb().query(sql, database_);
  } else {
    sqlite_number(file_, sql);
  }
}

}  // namespace chat::test

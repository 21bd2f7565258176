#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "support/deadline.h"
#include "support/processes/mariadb_server.h"
#include "support/test_storage.h"

namespace chat::test {

// A foreign database session, inside a transaction from construction to release().
class Stranger {
 public:
  Stranger(const TestStorage& storage, const std::string& sql) : storage_(storage) {
    if (on_mysql()) {
      marker_ = "stranger" + std::to_string(++last_);
      thread_ = std::thread([this, sql] {
        try {
          mariadb().query(sql + "; SELECT SLEEP(60) AS " + marker_, storage_.database());
        } catch (const std::runtime_error&) {
          return;  // it is killed
        }
      });
      EXPECT_TRUE(wait_until([&] { return !id().empty(); }));
    } else {
      EXPECT_EQ(sqlite3_open(storage.file().c_str(), &file_), SQLITE_OK);
      EXPECT_EQ(sqlite3_exec(file_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    }
  }
  ~Stranger() { release(); }
  void release() {
    if (thread_.joinable()) {
      mariadb().query("KILL " + id());
      thread_.join();
    }
    sqlite3_close(file_);
    file_ = nullptr;
  }

 private:
  std::string id() const {
    return mariadb().query(
        "SELECT id FROM information_schema.processlist WHERE info LIKE"
        " 'SELECT SLEEP(60) AS " +
        marker_ + "%'");
  }

  inline static int last_ = 0;
  const TestStorage& storage_;
  std::string marker_;
  std::thread thread_;
  sqlite3* file_ = nullptr;
};

}  // namespace chat::test

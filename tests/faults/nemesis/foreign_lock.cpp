#include "faults/nemesis/foreign_lock.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "support/deadline.h"
#include "support/processes/mariadb_server.h"
#include "support/test_storage.h"

namespace chat::test::nemesis {
namespace {

std::string next_mark() {
  static int last = 0;
  return "foreign lock " + std::to_string(++last);
}

}  // namespace

ForeignLock::ForeignLock(std::string database, const std::string& sql)
    : mark_(" /* " + next_mark() + " */"), thread_([this, database = std::move(database), sql] {
        try {
          mariadb().query(sql + mark_ + "; DO SLEEP(60)" + mark_, database);
        } catch (const std::runtime_error&) {
          // It met a deadlock, or it was killed.
        }
        ended_ = true;
      }) {}

ForeignLock::~ForeignLock() {
  const auto end = [this] {
    try {
      const std::string id = mariadb().query(
          "SELECT MAX(id) FROM information_schema.processlist WHERE id <> CONNECTION_ID()"
          " AND info LIKE '%" +
          mark_ + "'");
      if (id != "NULL") mariadb().query("KILL " + id);
    } catch (const std::runtime_error&) {
      // It has just ended by itself.
    }
    return ended_.load();
  };
  EXPECT_TRUE(wait_until(end));
  thread_.join();
}

}  // namespace chat::test::nemesis

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/log.h"
#include "chat/storage/group_life_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/message_model.h"
#include "chat/storage/migrations.h"
#include "chat/storage/mysql_database.h"
#include "chat/storage/node_model.h"
#include "chat/storage/sqlite_database.h"
#include "chat/storage/user_model.h"
#include "support/temp_dir.h"
#include "support/test_storage.h"

namespace chat::storage {

// Texts that careless code breaks.
inline std::vector<std::string> awkward_texts() {
  std::string long_text;
  for (int i = 0; i < 4000; ++i) long_text += "\U0001F600";
  return {"",
          "it's \"quoted\" \\ and \\' twice",
          "'; DROP TABLE user; --",
          "emoji \U0001F600 é ü 中文",
          std::string("a\0b\0", 4),
          "line\nbreak\ttab\x01",
          "%s ? :name @x $y",
          long_text};
}

inline std::unique_ptr<Database> open_by(const test::TestStorage& storage) {
  if (!test::on_mysql()) return std::make_unique<SqliteDatabase>(storage.file().string());
  MysqlOptions options;
  options.socket = test::mariadb().socket();
  options.user = storage.database();
  options.password = test::MariadbServer::password();
  options.database = storage.database();
  return std::make_unique<MysqlDatabase>(options);
}

// Begins a node's life despite any conflict.
inline Result<Node> begin_node(Connection& connection, std::string_view name, bool alone = false) {
  auto outcome = NodeModel(connection).start({.name = name, .alone = alone, .exclusive = true});
  if (!outcome) return fail(outcome);
  return outcome->node;
}

// A migrated database, in an SQLite file or on a real MariaDB server, with one connection.
class StorageTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(log::configure(log::Level::kOff, ""));
    const auto opened = database_.open();
    ASSERT_TRUE(opened) << opened.error().message;
    connection_ = connect();
    const auto migrated = migrate(*connection_, migrations_of(database_.dialect()));
    ASSERT_TRUE(migrated) << migrated.error().message;
  }

  std::unique_ptr<Connection> connect() {
    auto connection = database_.connect();
    EXPECT_TRUE(connection) << connection.error().message;
    return connection ? std::move(*connection) : nullptr;
  }

  // The first column of the first row; -1 if there is none.
  static std::int64_t number(Connection& connection, std::string_view sql) {
    auto statement = connection.prepare(sql);
    EXPECT_TRUE(statement) << statement.error().message;
    if (!statement) return -1;
    StatementScope scope(**statement);
    const auto row = scope->step();
    EXPECT_TRUE(row) << row.error().message;
    return row && *row ? scope->integer(0) : -1;
  }
  std::int64_t number(std::string_view sql) { return number(*connection_, sql); }

  void run(std::string_view sql) {
    const auto done = connection_->execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  // Runs `call` in a separate write transaction.
  template <typename Call>
  auto write(Call call) {
    auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
    EXPECT_TRUE(transaction) << transaction.error().message;
    auto result = call();
    if (result) {
      const auto committed = transaction->commit();
      EXPECT_TRUE(committed) << committed.error().message;
    }
    return result;
  }

  UserId add_user(std::string_view name) {
    const auto id = UserModel(*connection_).insert(name, "hash", 1);
    EXPECT_TRUE(id && *id);
    return id && *id ? **id : UserId{};
  }

  GroupId add_group(std::string_view name, UserId creator) {
    const auto id = write([&] { return GroupModel(*connection_).create(name, "desc", creator); });
    EXPECT_TRUE(id && *id);
    return id && *id ? **id : GroupId{};
  }

  // Joins the group at its head, without an event row.
  void add_member(GroupId group, UserId user) {
    const Seq head =
        number("SELECT last_seq FROM allgroup WHERE id = " + std::to_string(group.value));
    const auto added = write([&] {
      return GroupLifeModel(*connection_).add_member(group, user, GroupRole::kNormal, head);
    });
    ASSERT_TRUE(added) << added.error().message;
  }

  Result<void> send(const std::vector<DirectMessage>& rows) {
    return write([&] { return MessageModel(*connection_).insert_direct(pointers_to(rows)); });
  }

  // Like the journal for a group: stores the rows and the new head in one transaction.
  Result<void> send(const std::vector<GroupMessage>& rows) {
    return write([&] {
      MessageModel messages(*connection_);
      auto inserted = messages.insert_group(rows);
      if (!inserted) return inserted;
      return messages.set_group_newest(std::span(&rows.back(), 1));
    });
  }

  test::TempDir dir_;
  test::TestStorage storage_{dir_.path()};
  const std::unique_ptr<Database> owned_{open_by(storage_)};
  Database& database_{*owned_};
  std::unique_ptr<Connection> connection_;
};

}  // namespace chat::storage

// How long the statements of INBOX and READERS take, on a database with many messages.
//
// The reader has as many conversations as asked for, half of them with users and half with groups,
// and all messages lie in them, so that anything that grows with the history shows. In every stream
// the position is short of the head, and the reader's own messages are older. READERS is measured
// in a group of 2000 members, half of whom have not read the message. The database is SQLite or,
// with CHAT_TEST_STORAGE=mysql, MariaDB.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/check.h"
#include "chat/base/log.h"
#include "chat/base/option_parser.h"
#include "chat/storage/inbox_model.h"
#include "chat/storage/message_model.h"
#include "chat/storage/migrations.h"
#include "chat/storage/mysql_database.h"
#include "chat/storage/sqlite_database.h"
#include "support/temp_dir.h"
#include "support/test_storage.h"

namespace chat::bench {
namespace {

using storage::Connection;

constexpr UserId kReader{1};
constexpr GroupId kLargeGroup{1'000'000};
constexpr int kMembers = 2000;

std::unique_ptr<storage::Database> open_database(const test::TestStorage& storage) {
  if (!test::on_mysql()) {
    return std::make_unique<storage::SqliteDatabase>(storage.file().string());
  }
  storage::MysqlOptions options;
  options.socket = test::mariadb().socket();
  options.user = storage.database();
  options.password = test::MariadbServer::password();
  options.database = storage.database();
  return std::make_unique<storage::MysqlDatabase>(options);
}

void run(Connection& connection, const std::string& sql) {
  const auto done = connection.execute(sql);
  CHAT_CHECK(done);
}

// The table bench_number with 1 … at least `count`.
void make_numbers(Connection& connection, std::int64_t count) {
  run(connection, "CREATE TABLE bench_number (n INTEGER PRIMARY KEY)");
  run(connection, "INSERT INTO bench_number VALUES (1)");
  for (std::int64_t made = 1; made < count; made *= 2) {
    run(connection, fmt::format("INSERT INTO bench_number SELECT n + {} FROM bench_number", made));
  }
}

void make_stream(Connection& connection, std::int64_t to, std::int64_t from, std::int64_t count) {
  run(connection,
      fmt::format("INSERT INTO directmessage (recipient, sender, seq, cid, sent_at, body, n)"
                  " SELECT {}, {}, n, n, n * 10 + {}, 'a text of some length, as people write', n"
                  " FROM bench_number WHERE n <= {}",
                  to, from, to == kReader.value ? from % 3 : -60, count));
  run(connection,
      fmt::format("INSERT INTO directcursor VALUES ({}, {}, {}, {})", to, from, count, count - 5));
}

void make_group(Connection& connection, std::int64_t group, std::int64_t count) {
  run(connection,
      fmt::format("INSERT INTO allgroup (id, groupname, name_key, last_seq, text_seq, text_at,"
                  " text_n) VALUES ({0}, 'group{0}', 'group{0}', {1}, {1}, {2}, {1})",
                  group, count, count * 10 + group % 3));
  run(connection,
      fmt::format("INSERT INTO groupmessage (groupid, seq, sender, cid, sent_at, body, n)"
                  " SELECT {}, n, 2 + n % 10, n, n * 10 + {},"
                  " 'a text of some length, as people write', n FROM bench_number WHERE n <= {}",
                  group, group % 3, count));
  run(connection, fmt::format("INSERT INTO groupuser (groupid, userid, joined_seq, delivered_seq,"
                              " read_seq) VALUES ({}, {}, 0, {}, {})",
                              group, kReader.value, count, count - 5));
}

void seed(Connection& connection, std::int64_t messages, std::int64_t conversations) {
  const std::int64_t count = std::max<std::int64_t>(10, messages * 2 / (3 * conversations));
  make_numbers(connection, std::max<std::int64_t>(count, kMembers + conversations));
  run(connection, fmt::format("INSERT INTO user (id, name, name_key, password, created_at)"
                              " SELECT n, n, n, 'x', 1 FROM bench_number WHERE n <= {}",
                              kMembers + conversations));
  for (std::int64_t i = 1; i <= conversations / 2; ++i) {
    make_stream(connection, kReader.value, 1 + i, count);
    make_stream(connection, 1 + i, kReader.value, count);
    make_group(connection, i, count);
  }
  make_group(connection, kLargeGroup.value, 100);
  run(connection, fmt::format("INSERT INTO groupuser (groupid, userid, joined_seq, delivered_seq,"
                              " read_seq) SELECT {}, n, 0, 100, CASE WHEN n % 2 = 0 THEN 100 ELSE"
                              " 40 END FROM bench_number WHERE n > 1 AND n <= {}",
                              kLargeGroup.value, kMembers));
}

void read_inbox(Connection& connection) {
  auto snapshot = storage::Transaction::begin(connection, storage::TransactionKind::kRead);
  CHAT_CHECK(snapshot);
  storage::InboxModel model(connection);
  auto all = model.conversations(kReader);
  CHAT_CHECK(all);
  std::sort(all->begin(), all->end(),
            [](const auto& a, const auto& b) { return a.time() > b.time(); });
  all->resize(std::min<std::size_t>(all->size(), 50));
  CHAT_CHECK(model.count(kReader, *all));
  std::vector<storage::MessageModel::DirectPlace> direct;
  std::vector<storage::MessageModel::GroupPlace> groups;
  for (const auto& item : *all) {
    if (item.group) groups.push_back({item.group, item.newest});
    if (item.with) direct.push_back({{kReader, item.with}, item.newest});
  }
  storage::MessageModel messages(connection);
  CHAT_CHECK(messages.direct_at(direct));
  CHAT_CHECK(messages.group_at(groups));
}

void read_readers(Connection& connection) {
  storage::InboxModel model(connection);
  const storage::InboxModel::Message message{kLargeGroup, 50, UserId{1}};
  CHAT_CHECK(model.count_readers(message));
  CHAT_CHECK(model.readers(message, UserId{}, 101));
}

void measure(const char* name, int requests, const std::function<void()>& request) {
  std::vector<double> took;
  for (int i = 0; i < requests; ++i) {
    const auto began = std::chrono::steady_clock::now();
    request();
    const std::chrono::duration<double, std::milli> one = std::chrono::steady_clock::now() - began;
    took.push_back(one.count());
  }
  std::sort(took.begin(), took.end());
  const auto at = [&took](double part) {
    return took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))];
  };
  std::printf("%-8s p50 %7.2f ms  p99 %7.2f ms  max %7.2f ms\n", name, at(0.5), at(0.99), at(1));
}

int run_all(int messages, int conversations, int requests) {
  CHAT_CHECK(log::configure(log::Level::kWarn, ""));
  const test::TempDir dir;
  const test::TestStorage storage(dir.path());
  const auto database = open_database(storage);
  CHAT_CHECK(database->open());
  auto connection = database->connect();
  CHAT_CHECK(connection);
  CHAT_CHECK(storage::migrate(**connection, storage::migrations_of(database->dialect())));
  seed(**connection, messages, conversations);
  measure("INBOX", requests, [&] { read_inbox(**connection); });
  measure("READERS", requests, [&] { read_readers(**connection); });
  return 0;
}

}  // namespace
}  // namespace chat::bench

int main(int argc, char** argv) {
  chat::base::OptionParser parser("chatbench-inbox",
                                  "How long INBOX and READERS take in a database with history");
  int messages = 200'000;
  int conversations = 500;
  int requests = 300;
  parser.whole_number("--messages", messages, 1000, 100'000'000, "stored messages");
  parser.whole_number("--conversations", conversations, 2, 10'000, "of the reader");
  parser.whole_number("--requests", requests, 1, 1'000'000, "how many of each");
  if (const auto code = parser.parse_or_leave(argc, argv)) return *code;
  return chat::bench::run_all(messages, conversations, requests);
}

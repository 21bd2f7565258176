// What INBOX and READERS read in the database does not grow with the messages that it holds.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "chat/storage/inbox_model.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

constexpr int kOthers = 8;  // users and groups of each reader
constexpr int kMembers = 20;

// MariaDB counts the rows that each connection reads. Of SQLite the plans are checked instead.
class InboxWorkTest : public StorageTest {
 protected:
  void SetUp() override {
    if (!test::on_mysql()) GTEST_SKIP() << "only MariaDB counts the rows that it reads";
    StorageTest::SetUp();
    run("CREATE TABLE number (n INT PRIMARY KEY)");
    run("INSERT INTO number WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 900) SELECT i FROM n");
    run("INSERT INTO user (id, name, name_key, password, created_at)"
        " SELECT n, n, n, 'x', 1 FROM number");
  }

  // The reader's conversations are with the users and groups that follow its id. Each stream has
  // `history` messages, of which the reader has not read the last five.
  void fill(int reader, int history) {
    for (int other = reader + 1; other <= reader + kOthers; ++other) {
      fill_stream(reader, other, history);
      fill_stream(other, reader, history);
      fill_group(other, reader, history);
    }
    run("ANALYZE TABLE directmessage, groupmessage, directcursor, groupuser, allgroup");
  }

  // With those that this query reads, which always are the same.
  std::int64_t rows_read() {
    return number(
        "SELECT SUM(variable_value) FROM information_schema.session_status"
        " WHERE variable_name LIKE 'Handler_read%'");
  }

  std::int64_t inbox_work(int reader) {
    const auto before = rows_read();
    InboxModel model(*connection_);
    auto all = model.conversations(UserId{reader});
    EXPECT_TRUE(all && all->size() == 2 * kOthers);
    if (!all) return -1;
    EXPECT_TRUE(model.count(UserId{reader}, *all));
    std::vector<MessageModel::DirectPlace> direct;
    std::vector<MessageModel::GroupPlace> groups;
    for (const Conversation& item : *all) {
      EXPECT_EQ(item.unread, 5);
      if (item.group) groups.push_back({item.group, item.newest});
      if (item.with) direct.push_back({{UserId{reader}, item.with}, item.newest});
    }
    MessageModel messages(*connection_);
    EXPECT_TRUE(messages.direct_at(direct) && messages.group_at(groups));
    return rows_read() - before;
  }

  std::int64_t readers_work(int group, Seq seq) {
    const auto before = rows_read();
    InboxModel model(*connection_);
    const InboxModel::Message message{GroupId{group}, seq, UserId{group}};
    const auto counts = model.count_readers(message);
    EXPECT_TRUE(counts && counts->members == kMembers);
    EXPECT_TRUE(model.readers(message, UserId{}, 10));
    return rows_read() - before;
  }

 private:
  void fill_stream(int to, int from, int history) {
    run(
        fmt::format("INSERT INTO directmessage (recipient, sender, seq, cid, sent_at, body, n)"
                    " SELECT {}, {}, n, n, n * 10 + {}, 'text', n FROM number WHERE n <= {}",
                    to, from, to < from ? 0 : -100, history));
    run(
        fmt::format("INSERT INTO directcursor (recipient, sender, delivered_seq, read_seq)"
                    " VALUES ({}, {}, {}, {})",
                    to, from, history, history - 5));
  }
  void fill_group(int group, int reader, int history) {
    run(
        fmt::format("INSERT INTO allgroup (id, groupname, name_key, last_seq, text_seq, text_at,"
                    " text_n) VALUES ({0}, '{0}', '{0}', {1}, {1}, {1} * 10, {1})",
                    group, history));
    run(
        fmt::format("INSERT INTO groupmessage (groupid, seq, sender, cid, sent_at, body, n)"
                    " SELECT {0}, n, {0}, n, n * 10, 'text', n FROM number WHERE n <= {1}",
                    group, history));
    run(
        fmt::format("INSERT INTO groupuser (groupid, userid, joined_seq, delivered_seq, read_seq)"
                    " SELECT {}, {} + n - 1, 0, {}, {} FROM number WHERE n <= {}",
                    group, reader, history, history - 5, kMembers + 1));
  }
};

TEST_F(InboxWorkTest, InboxReadsAsManyRowsInALongHistoryAsInAShortOne) {
  fill(1, 20);
  fill(100, 900);
  inbox_work(1);  // prepares the statements
  const auto work = inbox_work(1);
  EXPECT_GT(work, 2 * kOthers);
  EXPECT_EQ(inbox_work(100), work);
}

TEST_F(InboxWorkTest, ReadersReadsAsManyRowsInALongHistoryAsInAShortOne) {
  fill(1, 20);
  fill(100, 900);
  readers_work(2, 18);
  const auto work = readers_work(2, 18);
  EXPECT_GT(work, kMembers);
  EXPECT_EQ(readers_work(101, 898), work);
}

}  // namespace
}  // namespace chat::storage

// Sending costs the same number of statements however many people get the message.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/cluster/node_lease.h"
#include "chat/storage/group_life_model.h"
#include "delivery/journal/journal.h"
#include "support/fake_clock.h"
#include "support/storage/forwarding_connection.h"
#include "support/storage/storage_fixture.h"

namespace chat::delivery {
namespace {

using Statements = std::vector<std::string>;

// How many statements insert so many rows: SQLite, which is in this process, runs one for each.
std::size_t inserts_of(std::size_t rows) {
  return test::on_mysql() ? 1 : rows;
}

// A database whose connections note each statement that they run.
class NotingDatabase final : public storage::Database {
 public:
  explicit NotingDatabase(storage::Database& real) : real_(real) {}

  storage::Dialect dialect() const override { return real_.dialect(); }
  Result<void> open() override { return {}; }
  void close() override {}
  std::string describe() const override { return "noting"; }
  Result<std::unique_ptr<storage::Connection>> connect() override {
    auto opened = real_.connect();
    if (!opened) return opened;
    return std::make_unique<NotingConnection>(statements, std::move(*opened));
  }

  Statements statements;

 private:
  class NotingStatement final : public storage::Statement {
   public:
    NotingStatement(Statements& statements, storage::Statement& real, std::string_view sql)
        : statements_(statements), real_(real), sql_(sql) {}
    void bind(int parameter, std::int64_t value) override { real_.bind(parameter, value); }
    void bind(int parameter, std::string_view text) override { real_.bind(parameter, text); }
    void bind_null(int parameter) override { real_.bind_null(parameter); }
    void add_row() override { real_.add_row(); }
    Result<bool> step() override {
      if (!std::exchange(runs_, true)) statements_.push_back(sql_);
      return real_.step();
    }
    void reset() noexcept override {
      runs_ = false;
      real_.reset();
    }
    bool is_null(int column) const override { return real_.is_null(column); }
    std::int64_t integer(int column) const override { return real_.integer(column); }
    std::string_view text(int column) const override { return real_.text(column); }

   private:
    Statements& statements_;
    storage::Statement& real_;
    const std::string sql_;
    bool runs_ = false;
  };

  class NotingConnection final : public storage::ForwardingConnection {
   public:
    NotingConnection(Statements& statements, std::unique_ptr<storage::Connection> real)
        : ForwardingConnection(*real), statements_(statements), real_(std::move(real)) {}
    bool takes_rows() const override { return real_->takes_rows(); }
    Result<storage::Statement*> prepare(std::string_view sql) override {
      auto real = ForwardingConnection::prepare(sql);
      if (!real) return real;
      auto& noting = noting_[std::string(sql)];
      noting = std::make_unique<NotingStatement>(statements_, **real, sql);
      return noting.get();
    }

   private:
    Statements& statements_;
    const std::unique_ptr<storage::Connection> real_;
    std::map<std::string, std::unique_ptr<NotingStatement>> noting_;
  };

  storage::Database& real_;
};

class StatementsTest : public storage::StorageTest {
 protected:
  static constexpr int kUsers = 500;
  static constexpr UserId kAuthor{1};

  void SetUp() override {
    StorageTest::SetUp();
    ASSERT_TRUE(lease_.begin({.name = "node", .alone = true, .exclusive = true}));
    run(
        fmt::format("INSERT INTO user (id, name, name_key, password, created_at)"
                    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
                    " SELECT i, i, i, 'x', 1 FROM n",
                    kUsers));
  }

  // With the users up to this one.
  GroupId group_of(int members) {
    run(fmt::format("INSERT INTO allgroup (id, groupname, name_key) VALUES ({0}, '{0}', '{0}')",
                    members));
    run(
        fmt::format("INSERT INTO groupuser (groupid, userid, joined_seq, delivered_seq, read_seq)"
                    " SELECT {0}, id, 0, 0, 0 FROM user WHERE id <= {0}",
                    members));
    return GroupId{members};
  }

  GroupEntry entry_in(GroupId group) {
    GroupEntry entry;
    entry.message.group = group;
    entry.message.sender = kAuthor;
    entry.message.cid = fmt::format("c{}", ++sent_);
    entry.message.body = "text";
    return entry;
  }

  // What sending one message to the group runs.
  Statements send(GroupId group, const std::vector<UserId>& at = {}) {
    GroupEntry entry = entry_in(group);
    if (!at.empty()) {
      entry.message.extra = "{\"at\":[0]}";
      entry.marks = std::make_shared<const Marks>(Marks{.reply = {}, .at = at});
    }
    std::vector<GroupEntry> batch{std::move(entry)};
    return noted([&] {
      EXPECT_TRUE(group_committer_.commit(batch));
      EXPECT_FALSE(batch.front().refusal) << batch.front().refusal->message;
    });
  }

  // What sending one message to each of the users from 2 on runs.
  Statements send_to_each(int recipients) {
    std::vector<DirectEntry> batch(static_cast<std::size_t>(recipients));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      batch[i].message.recipient = UserId{static_cast<std::int32_t>(i) + 2};
      batch[i].message.sender = kAuthor;
      batch[i].message.cid = fmt::format("c{}", ++sent_);
      batch[i].message.body = "text";
    }
    return noted([&] {
      EXPECT_TRUE(direct_committer_.commit(batch));
      for (const auto& entry : batch) EXPECT_FALSE(entry.refusal) << entry.refusal->message;
    });
  }

  template <typename Call>
  Statements noted(Call call) {
    noting_.statements.clear();
    call();
    return noting_.statements;
  }

  test::FakeClock clock_;
  cluster::NodeLease lease_{database_, base::system_clock()};
  NotingDatabase noting_{database_};
  const std::unique_ptr<GroupStore> group_store_ = make_group_store(noting_, lease_);
  GroupCommitter group_committer_{*group_store_, clock_};
  ContactNews contact_news_;
  const std::unique_ptr<DirectStore> direct_store_ = make_direct_store(noting_, lease_);
  DirectCommitter direct_committer_{*direct_store_, contact_news_, clock_};
  int sent_ = 0;
};

TEST_F(StatementsTest, MessageInALargeGroupRunsWhatItRunsInASmallOne) {
  const Statements small = send(group_of(2));
  EXPECT_EQ(small.size(), 4u) << "lock, sender, row, and the new head";
  EXPECT_EQ(send(group_of(kUsers)), small);
}

TEST_F(StatementsTest, BatchForManyGroupsRunsWhatOneMessageRuns) {
  constexpr int kGroups = 5;
  constexpr int kEach = 10;
  std::vector<GroupId> groups;
  for (int i = 0; i < kGroups; ++i) groups.push_back(group_of(2 + i));
  std::vector<GroupEntry> batch;
  for (int i = 0; i < kGroups * kEach; ++i) {
    batch.push_back(entry_in(groups[static_cast<std::size_t>(i) % kGroups]));
  }
  const Statements ran = noted([&] { EXPECT_TRUE(group_committer_.commit(batch)); });
  for (const auto& entry : batch) EXPECT_FALSE(entry.refusal) << entry.refusal->message;
  EXPECT_EQ(ran.size(), 2 + inserts_of(kGroups * kEach) + inserts_of(kGroups));
}

// The lock is met when the first rows have been sent already.
TEST_F(StatementsTest, LockedGroupSpoilsNoLaterBatch) {
  if (!test::on_mysql()) GTEST_SKIP() << "SQLite has one writer at a time";
  const GroupId free = group_of(2);
  const GroupId locked = group_of(3);
  const auto send_both = [&] {
    std::vector<GroupEntry> batch{entry_in(free), entry_in(locked)};
    EXPECT_TRUE(group_committer_.commit(batch));
    for (const auto& entry : batch) EXPECT_FALSE(entry.refusal) << entry.refusal->message;
    EXPECT_FALSE(batch.front().lock_in_way);
    return batch.back().lock_in_way;
  };
  EXPECT_FALSE(send_both());
  {
    auto other = connect();
    auto transaction = storage::Transaction::begin(*other, storage::TransactionKind::kWrite);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(storage::GroupLifeModel(*other).lock(locked));
    EXPECT_TRUE(send_both());
  }
  EXPECT_FALSE(send_both());
  EXPECT_FALSE(send_both());
}

TEST_F(StatementsTest, MentionsAddARowForEachWhoIsNamedAndNobodyElse) {
  const std::vector<UserId> named{UserId{2}, UserId{3}, UserId{4}, UserId{5}};
  const Statements small = send(group_of(10), named);
  EXPECT_EQ(small.size(), 4 + inserts_of(named.size())) << "also the rows of mentions";
  EXPECT_EQ(send(group_of(kUsers), named), small);
  EXPECT_EQ(number(fmt::format("SELECT COUNT(*) FROM mention WHERE groupid = {}", kUsers)), 4);
}

TEST_F(StatementsTest, DirectMessageIsOneStatementAndSoAreThoseOfABatch) {
  send_to_each(64);  // reads the streams
  EXPECT_EQ(send_to_each(1).size(), 1u);
  EXPECT_EQ(send_to_each(64).size(), inserts_of(64));
}

}  // namespace
}  // namespace chat::delivery

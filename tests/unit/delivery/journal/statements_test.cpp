// Sending costs the same number of statements however many people get the message.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/cluster/node_lease.h"
#include "delivery/journal/journal.h"
#include "support/fake_clock.h"
#include "support/storage/forwarding_connection.h"
#include "support/storage/storage_fixture.h"

namespace chat::delivery {
namespace {

using Statements = std::vector<std::string>;

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
  // Whoever runs a statement fetches it first.
  class NotingConnection final : public storage::ForwardingConnection {
   public:
    NotingConnection(Statements& statements, std::unique_ptr<storage::Connection> real)
        : ForwardingConnection(*real), statements_(statements), real_(std::move(real)) {}
    bool takes_rows() const override { return real_->takes_rows(); }
    Result<storage::Statement*> prepare(std::string_view sql) override {
      statements_.emplace_back(sql);
      return ForwardingConnection::prepare(sql);
    }

   private:
    Statements& statements_;
    const std::unique_ptr<storage::Connection> real_;
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

  // What sending one message to the group runs.
  Statements send(GroupId group, const std::vector<UserId>& at = {}) {
    GroupEntry entry;
    entry.message.group = group;
    entry.message.sender = kAuthor;
    entry.message.cid = fmt::format("c{}", ++sent_);
    entry.message.body = "text";
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
  EXPECT_EQ(small.size(), 6u) << "lock, head, sender, cid, row, and the new head";
  EXPECT_EQ(send(group_of(kUsers)), small);
}

TEST_F(StatementsTest, MentionsAddARowForEachWhoIsNamedAndNobodyElse) {
  const std::vector<UserId> named{UserId{2}, UserId{3}, UserId{4}, UserId{5}};
  const Statements small = send(group_of(10), named);
  EXPECT_EQ(small.size(), 8u) << "also whether they are members, and all rows at once";
  EXPECT_EQ(send(group_of(kUsers), named), small);
  EXPECT_EQ(number(fmt::format("SELECT COUNT(*) FROM mention WHERE groupid = {}", kUsers)), 4);
}

TEST_F(StatementsTest, DirectMessageIsOneStatementAndSoAreThoseOfABatch) {
  send_to_each(64);  // reads the streams
  const Statements one = send_to_each(1);
  EXPECT_EQ(one.size(), 1u) << one.front();
  EXPECT_EQ(send_to_each(64).size(), one.size());
}

}  // namespace
}  // namespace chat::delivery

// Names that were stored before the search index existed.
#include "chat/storage/search_backfill.h"

#include <thread>

#include "support/storage/forwarding_connection.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

using Progress = SearchBackfill::Progress;
constexpr std::size_t kSteps = 3;

// Fails at statement number `left`.
class BreakingConnection final : public ForwardingConnection {
 public:
  BreakingConnection(Connection& inner, int left) : ForwardingConnection(inner), left_(left) {}

  Result<Statement*> prepare(std::string_view sql) override {
    if (--left_ < 0) return fail(ErrorCode::kUnavailable, "gone");
    return ForwardingConnection::prepare(sql);
  }

 private:
  int left_;
};

class SearchBackfillModelTest : public StorageTest {
 protected:
  static constexpr int kUsers = static_cast<int>((kSteps - 1) * SearchBackfill::kRowsPerStep) + 7;

  // As an earlier version stored them, with gaps between the ids.
  void add_older_users() {
    ASSERT_TRUE(write([&]() -> Result<void> {
      auto statement = connection_->prepare(
          "INSERT INTO user (id, name, name_key, password, created_at) VALUES (?, ?, ?, 'h', 1)");
      if (!statement) return fail(statement);
      for (std::int64_t i = 1; i <= kUsers; ++i) {
        const std::string name = "Ä" + std::to_string(i);
        (*statement)->bind(0, i * 1000);
        (*statement)->bind(1, std::string_view(name));
        (*statement)->bind(2, std::string_view(name));
        if (auto done = (*statement)->run(); !done) return done;
      }
      return {};
    }));
  }
  std::int64_t indexed() { return number("SELECT COUNT(*) FROM usersearch"); }
};

TEST_F(SearchBackfillModelTest, FillsInStepsOfBoundedSize) {
  add_older_users();
  SearchBackfill backfill(*connection_);
  for (std::size_t i = 1; i <= kSteps; ++i) {
    const auto progress = backfill.step(NameKind::kUser);
    ASSERT_TRUE(progress) << progress.error().message;
    EXPECT_EQ(*progress, i < kSteps ? Progress::kMore : Progress::kFinished);
    if (i == kSteps) break;
    EXPECT_EQ(indexed(), static_cast<std::int64_t>(i * SearchBackfill::kRowsPerStep));
  }
  EXPECT_EQ(indexed(), kUsers);
  EXPECT_EQ(number("SELECT userid FROM usersearch WHERE fold = 'ä7'"), 7000);
}

TEST_F(SearchBackfillModelTest, ContinuesWhereItWasInterrupted) {
  add_older_users();
  bool finished = false;
  for (int statements = 1; !finished && statements < 100; ++statements) {
    BreakingConnection breaking(*connection_, statements % 12);
    finished = SearchBackfill(breaking).run().has_value();
  }
  EXPECT_TRUE(finished);
  EXPECT_EQ(indexed(), kUsers);
}

TEST_F(SearchBackfillModelTest, IndexesNicksAndGroupsAndNoDeletedAccounts) {
  run("INSERT INTO user (name, name_key, password, created_at, nick) VALUES"
      " ('Alice', 'alice', 'h', 1, 'Queen'), ('bob', 'bob', 'h', 1, 'BOB'), ('', 'gone', '', 1, "
      "'')");
  run("INSERT INTO allgroup (groupname, name_key) VALUES ('Tea', 'tea')");
  ASSERT_TRUE(SearchBackfill(*connection_).run());
  EXPECT_EQ(indexed(), 3);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usersearch WHERE fold IN ('alice', 'queen', 'bob')"), 3);
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupsearch WHERE fold = 'tea'"), 1);
}

TEST_F(SearchBackfillModelTest, KeepsRowsThatAreThere) {
  const UserId alice = add_user("alice");
  ASSERT_TRUE(SearchBackfill(*connection_).run());
  ASSERT_TRUE(SearchBackfill(*connection_).run());
  EXPECT_EQ(indexed(), 1);
  EXPECT_EQ(number("SELECT last_id FROM searchscan WHERE kind = 'user'"), alice.value);
}

TEST_F(SearchBackfillModelTest, TwoServersMayFillAtOnce) {
  add_older_users();
  const auto other = connect();
  const auto fill = [](Connection& connection, Result<void>& outcome) {
    for (;;) {
      const auto progress = SearchBackfill(connection).step(NameKind::kUser);
      if (!progress) outcome = fail(progress);
      if (!progress || *progress == Progress::kFinished) return;
    }
  };
  Result<void> one;
  Result<void> two;
  std::thread thread([&] { fill(*other, one); });
  fill(*connection_, two);
  thread.join();
  EXPECT_TRUE(one) << one.error().message;
  EXPECT_TRUE(two) << two.error().message;
  EXPECT_EQ(indexed(), kUsers);
}

// SQLite has one writer at a time.
TEST_F(SearchBackfillModelTest, DoesNotWaitForAnotherServer) {
  if (!test::on_mysql()) GTEST_SKIP();
  add_older_users();
  const auto other = connect();
  auto transaction = Transaction::begin(*other, TransactionKind::kWrite);
  ASSERT_TRUE(transaction);
  number(*other, "SELECT last_id FROM searchscan WHERE kind = 'user' FOR UPDATE");
  const auto progress = SearchBackfill(*connection_).step(NameKind::kUser);
  ASSERT_TRUE(progress) << progress.error().message;
  EXPECT_EQ(*progress, Progress::kBusy);
}

}  // namespace
}  // namespace chat::storage

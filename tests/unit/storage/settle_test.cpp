#include "chat/storage/settle.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chat/base/clock.h"
#include "chat/storage/session_model.h"
#include "support/storage/faulty_database.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

using Loss = FaultyDatabase::Loss;

class SettleTest : public StorageTest, public ::testing::WithParamInterface<Loss> {
 protected:
  // Adds the user like a registration. Counts the attempts.
  Result<std::optional<UserId>> add(const std::string& hash) {
    return transact_settled(pool_, [&](Connection& connection, bool repeated) {
      repeats_.push_back(repeated);
      UserModel users(connection);
      auto id = users.insert("alice", hash, 1);
      if (!id || *id || !repeated) return id;
      const auto holder = users.find_by_name("alice");
      if (holder && *holder && (*holder)->password_hash == hash) id = (*holder)->id;
      return id;
    });
  }

  FaultyDatabase faulty_{database_};
  Pool pool_{faulty_, {}, base::system_clock()};
  std::vector<bool> repeats_;
};
INSTANTIATE_TEST_SUITE_P(BothWays, SettleTest,
                         ::testing::Values(Loss::kAfterTheEffect, Loss::kBeforeTheEffect));

TEST_P(SettleTest, WorkIsRepeatedOnAnotherConnectionUntilItsOutcomeIsKnown) {
  for (const int losses : {0, 1, 2}) {
    run("DELETE FROM user");
    repeats_.clear();
    faulty_.lose(GetParam(), losses);
    const auto id = add("hash " + std::to_string(losses));
    ASSERT_TRUE(id && *id);
    EXPECT_EQ(number("SELECT COUNT(*) FROM user"), 1);
    EXPECT_EQ(number("SELECT id FROM user"), (*id)->value);
    std::vector<bool> expected(static_cast<std::size_t>(losses), true);
    expected.insert(expected.begin(), false);
    EXPECT_EQ(repeats_, expected);
  }
}

TEST_P(SettleTest, RefusalIsFinal) {
  add_user("alice");
  faulty_.lose(GetParam(), 0);
  const auto id = add("another hash");
  ASSERT_TRUE(id);
  EXPECT_FALSE(*id);
  EXPECT_EQ(repeats_, std::vector<bool>{false});
}

TEST_P(SettleTest, ErrorBeforeTheCommitIsNoUnknownOutcome) {
  faulty_.unreachable = true;
  const auto id = add("hash");
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(repeats_.empty());
}

TEST_P(SettleTest, OutcomeStaysUnknownDuringAnOutage) {
  {
    const auto warm = pool_.lease();
    ASSERT_TRUE(warm);
  }
  faulty_.unreachable = true;
  faulty_.lose(GetParam());
  const auto began = std::chrono::steady_clock::now();
  const auto id = add("hash");
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(repeats_, std::vector<bool>{false});
  EXPECT_GE(std::chrono::steady_clock::now() - began, kSettlePatience);
}

TEST_P(SettleTest, TokenIsKeptByARepeatedLogin) {
  const UserId alice = add_user("alice");
  faulty_.lose(GetParam());
  const auto done = transact_settled(pool_, [&](Connection& connection, bool /*repeated*/) {
    return SessionModel(connection).insert("token", alice, 1, 1000, 3);
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(number("SELECT COUNT(*) FROM session"), 1);
}

}  // namespace
}  // namespace chat::storage

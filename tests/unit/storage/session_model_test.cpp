#include "chat/storage/session_model.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class SessionModelTest : public StorageTest {
 protected:
  static constexpr std::size_t kKept = 3;

  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
  }
  void insert(const std::string& hash, UserId user, UnixMillis now, UnixMillis expires_at) {
    auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
    ASSERT_TRUE(transaction);
    const auto inserted = tokens().insert(hash, user, now, expires_at, kKept);
    ASSERT_TRUE(inserted) << inserted.error().message;
    ASSERT_TRUE(transaction->commit());
  }
  std::optional<UserId> find(const std::string& hash, UnixMillis now) {
    const auto found = tokens().owners(std::span(&hash, 1), now);
    EXPECT_TRUE(found);
    if (!found || found->empty()) return std::nullopt;
    return found->front().user;
  }
  SessionModel tokens() { return SessionModel(*connection_); }

  UserId alice_;
  UserId bob_;
};

TEST_F(SessionModelTest, FindsTheOwnerUntilTheTokenExpires) {
  insert("a", alice_, 100, 200);
  insert("b", bob_, 100, 300);
  EXPECT_EQ(find("a", 199), alice_);
  EXPECT_EQ(find("a", 200), std::nullopt);
  EXPECT_EQ(find("b", 200), bob_);
  EXPECT_EQ(find("c", 100), std::nullopt);
}

TEST_F(SessionModelTest, ExtendNeverShortensALifetime) {
  insert("a", alice_, 100, 200);
  insert("b", bob_, 100, 200);
  const std::vector<std::string> both{"a", "b"};
  EXPECT_TRUE(tokens().extend(both, 500));
  EXPECT_TRUE(tokens().extend(both, 300));
  EXPECT_EQ(find("a", 499), alice_);
  EXPECT_EQ(find("b", 499), bob_);
}

TEST_F(SessionModelTest, FindsTheOwnersOfManyTokens) {
  insert("a", alice_, 100, 200);
  insert("b", bob_, 100, 300);
  insert("old", bob_, 100, 150);
  const std::vector<std::string> hashes{"b", "old", "a", "nobody's", "b"};
  auto owners = tokens().owners(hashes, 199);
  ASSERT_TRUE(owners);
  ASSERT_EQ(owners->size(), 2u);
  std::sort(owners->begin(), owners->end(),
            [](const auto& a, const auto& b) { return a.token_hash < b.token_hash; });
  EXPECT_EQ(owners->front().user, alice_);
  EXPECT_EQ(owners->front().name, "alice");
  EXPECT_EQ(owners->front().expires_at, 200);
  EXPECT_EQ(owners->back().token_hash, "b");
  EXPECT_EQ(owners->back().user, bob_);
}

TEST_F(SessionModelTest, EraseDeletesOneToken) {
  insert("a", alice_, 100, 200);
  insert("b", alice_, 100, 200);
  EXPECT_TRUE(tokens().erase("a"));
  EXPECT_EQ(find("a", 100), std::nullopt);
  EXPECT_EQ(find("b", 100), alice_);
}

TEST_F(SessionModelTest, InsertDeletesExpiredAndExcessTokens) {
  insert("other", bob_, 1, 1000);
  insert("expired", alice_, 1, 50);
  for (int i = 0; i < 5; ++i) insert("t" + std::to_string(i), alice_, 100 + i, 1000);
  EXPECT_EQ(number("SELECT COUNT(*) FROM session WHERE userid = 1"), 3);
  EXPECT_EQ(find("t1", 200), std::nullopt);
  for (const char* kept : {"t2", "t3", "t4"}) EXPECT_EQ(find(kept, 200), alice_);
  EXPECT_EQ(find("other", 200), bob_);
}

TEST_F(SessionModelTest, NewestTokenIsKeptWhenTheClockGoesBack) {
  for (int i = 0; i < 4; ++i) insert("t" + std::to_string(i), alice_, 100 + i, 1000);
  insert("late", alice_, 5, 1000);
  EXPECT_EQ(find("late", 200), alice_);
}

TEST_F(SessionModelTest, TokenOfAnotherUserIsNoRepeat) {
  SessionModel model = tokens();
  ASSERT_TRUE(write([&] { return model.insert("token", alice_, 1, 1000, kKept); }));
  EXPECT_FALSE(write([&] { return model.insert("token", bob_, 1, 1000, kKept); }));
}

}  // namespace
}  // namespace chat::storage

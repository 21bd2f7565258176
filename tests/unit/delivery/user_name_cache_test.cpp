#include "chat/delivery/user_name_cache.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "support/storage/forwarding_connection.h"
#include "support/storage/storage_fixture.h"

namespace chat::delivery {
namespace {

// Runs a callback between preparing and running a statement.
class InterruptedConnection final : public storage::ForwardingConnection {
 public:
  InterruptedConnection(Connection& inner, std::function<void()> interruption)
      : ForwardingConnection(inner), interruption_(std::move(interruption)) {}

  Result<storage::Statement*> prepare(std::string_view sql) override {
    interruption_();
    return ForwardingConnection::prepare(sql);
  }

 private:
  std::function<void()> interruption_;
};

class UserNameCacheTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
  }
  // Changes the name behind the cache's back: the old name shows that it was cached. SQL for both
  // databases.
  void rename_all() { run("UPDATE user SET name = REPLACE('new-?', '?', name)"); }
  std::string name_of(UserId user) {
    auto name = user_names_.name_of(user);
    EXPECT_TRUE(name) << name.error().message;
    return name && *name ? **name : "nobody";
  }

  storage::Pool pool_{database_, {}, base::system_clock()};
  UserNameCache user_names_{pool_};
  UserId alice_;
  UserId bob_;
};

TEST_F(UserNameCacheTest, CachesNeighboursOfAMiss) {
  UserId far = alice_;
  while (far.value < 33) far = add_user("user " + std::to_string(far.value));
  EXPECT_EQ(name_of(alice_), "alice");
  rename_all();
  EXPECT_EQ(name_of(alice_), "alice");
  EXPECT_EQ(name_of(bob_), "bob");
  EXPECT_EQ(name_of(far), "new-user 32");
}

TEST_F(UserNameCacheTest, DoesNotCacheMisses) {
  const UserId next{bob_.value + 1};
  EXPECT_EQ(name_of(next), "nobody");
  EXPECT_FALSE(user_names_.exists(next).value());
  EXPECT_EQ(add_user("carol"), next);
  EXPECT_EQ(name_of(next), "carol");
  EXPECT_TRUE(user_names_.exists(next).value());
}

TEST_F(UserNameCacheTest, ForgetsOneUser) {
  EXPECT_EQ(name_of(alice_), "alice");
  rename_all();
  user_names_.forget(bob_);
  EXPECT_EQ(name_of(bob_), "new-bob");
}

TEST_F(UserNameCacheTest, ForgetsAllUsers) {
  EXPECT_EQ(name_of(alice_), "alice");
  rename_all();
  user_names_.forget_all();
  EXPECT_EQ(name_of(alice_), "new-alice");
}

TEST_F(UserNameCacheTest, CachesNothingReadBeforeADeletion) {
  InterruptedConnection connection(*connection_, [this] { user_names_.forget(bob_); });
  EXPECT_EQ(user_names_.name_of(alice_, connection).value(), "alice");
  rename_all();
  EXPECT_EQ(name_of(bob_), "new-bob");
}

TEST_F(UserNameCacheTest, CachesNothingReadInATransaction) {
  {
    auto transaction = storage::Transaction::begin(*connection_, storage::TransactionKind::kRead);
    ASSERT_TRUE(transaction);
    EXPECT_EQ(user_names_.name_of(alice_, *connection_).value(), "alice");
  }
  rename_all();
  EXPECT_EQ(name_of(alice_), "new-alice");
}

}  // namespace
}  // namespace chat::delivery

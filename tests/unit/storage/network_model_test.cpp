#include "chat/storage/network_model.h"

#include <string>

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class NetworkModelTest : public StorageTest {
 protected:
  static constexpr UnixMillis kDay = 24 * 60 * 60 * 1000;

  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
  }
  NetworkModel networks() { return NetworkModel(*connection_); }
  void remember(UserId user, const std::string& network, UnixMillis now) {
    auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
    ASSERT_TRUE(transaction);
    const auto done = networks().remember(user, network, now);
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(transaction->commit());
  }
  std::optional<UnixMillis> seen(UserId user, const std::string& network, UnixMillis now) {
    const auto seen = networks().last_seen(user, network, now);
    EXPECT_TRUE(seen);
    return seen ? *seen : std::nullopt;
  }

  UserId alice_;
  UserId bob_;
};

TEST_F(NetworkModelTest, RemembersEachAccountsNetworks) {
  remember(alice_, "1.1.1.1", 100);
  remember(bob_, "2001:db8::/64", 200);
  EXPECT_EQ(seen(alice_, "1.1.1.1", 300), 100);
  EXPECT_EQ(seen(alice_, "2001:db8::/64", 300), std::nullopt);
  EXPECT_EQ(seen(bob_, "2001:db8::/64", 300), 200);
}

TEST_F(NetworkModelTest, RememberIsIdempotentAndMonotonic) {
  remember(alice_, "1.1.1.1", 100);
  remember(alice_, "1.1.1.1", 100);
  remember(alice_, "1.1.1.1", 50);
  EXPECT_EQ(seen(alice_, "1.1.1.1", 100), 100);
  remember(alice_, "1.1.1.1", 150);
  EXPECT_EQ(seen(alice_, "1.1.1.1", 150), 150);
}

TEST_F(NetworkModelTest, ForgetsANetworkAfterThirtyDays) {
  remember(alice_, "1.1.1.1", kDay);
  EXPECT_EQ(seen(alice_, "1.1.1.1", 31 * kDay - 1), kDay);
  EXPECT_EQ(seen(alice_, "1.1.1.1", 31 * kDay), std::nullopt);
  remember(alice_, "2.2.2.2", 40 * kDay);
  EXPECT_EQ(seen(alice_, "1.1.1.1", kDay), std::nullopt) << "its row should have gone";
}

TEST_F(NetworkModelTest, KeepsTheNewestOfTooMany) {
  constexpr int kMany = 50;
  for (int i = 0; i < kMany; ++i) remember(alice_, "10.0.0." + std::to_string(i), 1000 + i);
  int kept = 0;
  for (int i = 0; i < kMany; ++i) {
    if (seen(alice_, "10.0.0." + std::to_string(i), 2000)) ++kept;
  }
  EXPECT_EQ(kept, static_cast<int>(NetworkModel::kKeptMax));
  EXPECT_TRUE(seen(alice_, "10.0.0.49", 2000));
  EXPECT_FALSE(seen(alice_, "10.0.0.0", 2000));
}

TEST_F(NetworkModelTest, ForgetsAllOfOneAccount) {
  remember(alice_, "1.1.1.1", 100);
  remember(bob_, "1.1.1.1", 100);
  ASSERT_TRUE(networks().forget_all(alice_));
  EXPECT_EQ(seen(alice_, "1.1.1.1", 200), std::nullopt);
  EXPECT_EQ(seen(bob_, "1.1.1.1", 200), 100);
}

}  // namespace
}  // namespace chat::storage

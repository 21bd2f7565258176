#include "service/credentials/login_throttle.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "support/fake_clock.h"

namespace chat::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A store that can be unavailable.
class SharedStore final : public base::RateStore {
 public:
  explicit SharedStore(const base::Clock& clock) : store_(clock) {}
  std::optional<milliseconds> take(std::span<const base::NamedBucket> buckets) override {
    if (away) return std::nullopt;
    return store_.take(buckets);
  }
  void give_back(std::span<const base::NamedBucket> buckets) override {
    if (!away) store_.give_back(buckets);
  }

  bool away = false;

 private:
  base::MemoryRateStore store_;
};

class LoginThrottleTest : public testing::Test {
 protected:
  // How many wrong passwords are accepted at once; tries at most `most`.
  static int failures(LoginThrottle& throttle, const LoginAttempt& attempt, int most = 100) {
    int tried = 0;
    while (tried < most && throttle.begin(attempt).wait.count() == 0) ++tried;
    return tried;
  }
  static bool log_in(LoginThrottle& throttle, const LoginAttempt& attempt) {
    const auto made = throttle.begin(attempt);
    if (made.wait.count() > 0) return false;
    throttle.take_back(made);
    return true;
  }

  test::FakeClock clock;
  base::MemoryRateStore own{clock};
  base::MemoryRateStore other{clock};
  SharedStore shared{clock};
  LoginThrottle throttle{10, 5, own, nullptr};
};

TEST_F(LoginThrottleTest, UnknownAddressesShareFiveAttemptsPerAccount) {
  EXPECT_EQ(failures(throttle, {"id:1", "1.1.1.1"}, 3), 3);
  EXPECT_EQ(failures(throttle, {"id:1", "2.2.2.2"}), 2);
  EXPECT_EQ(failures(throttle, {"id:1", "3.3.3.3"}), 0);
  const auto wait = throttle.begin({"id:1", "3.3.3.3"}).wait;
  EXPECT_GT(wait, seconds(11));
  EXPECT_LE(wait, seconds(12));
  clock.advance(wait);
  EXPECT_EQ(failures(throttle, {"id:1", "3.3.3.3"}), 1);
}

TEST_F(LoginThrottleTest, AddressHasTenAttemptsAtAllAccounts) {
  int tried = 0;
  for (int account = 1; account <= 20; ++account) {
    tried += failures(throttle, {"id:" + std::to_string(account), "1.1.1.1"}, 1);
  }
  EXPECT_EQ(tried, 10);
  EXPECT_EQ(failures(throttle, {"id:99", "2.2.2.2"}, 1), 1);
}

TEST_F(LoginThrottleTest, RightPasswordsCostNothing) {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(log_in(throttle, {"id:1", "1.1.1.1"})) << i;
  EXPECT_EQ(failures(throttle, {"id:2", "1.1.1.1"}), 5);
}

TEST_F(LoginThrottleTest, OwnersAddressIsNotLockedOutByOthers) {
  for (int i = 0; i < 50; ++i) failures(throttle, {"id:1", "2.2.2." + std::to_string(i)});
  // From behind the same address as well.
  for (int i = 2; i < 50; ++i) failures(throttle, {"id:" + std::to_string(i), "1.1.1.1"});
  EXPECT_TRUE(log_in(throttle, {"id:1", "1.1.1.1", true}));
  EXPECT_FALSE(log_in(throttle, {"id:1", "3.3.3.3"}));
}

TEST_F(LoginThrottleTest, OwnersAddressHasTenAttemptsAMinute) {
  EXPECT_EQ(failures(throttle, {"id:1", "1.1.1.1", true}), 10);
  clock.advance(seconds(6));
  EXPECT_EQ(failures(throttle, {"id:1", "1.1.1.1", true}), 1);
}

TEST_F(LoginThrottleTest, AccountThatDoesNotExistIsLimitedLikeOneThatDoes) {
  EXPECT_EQ(failures(throttle, {"name:nobody", "1.1.1.1", false, false}), 5);
  EXPECT_EQ(failures(throttle, {"name:nobody", "2.2.2.2", false, false}), 0);
}

TEST_F(LoginThrottleTest, UnknownAccountsEvictNoExistingOnes) {
  ASSERT_EQ(failures(throttle, {"id:1", "1.1.1.1"}), 5);
  for (int i = 0; i < 300'000; ++i) {
    // From very many networks, so that no address reaches its limit.
    const std::string network = std::to_string(i % 100'000) + "/64";
    failures(throttle, {"id:" + std::to_string(1'000'000 + i), network, false, false}, 1);
  }
  EXPECT_EQ(failures(throttle, {"id:1", "9.9.9.9"}), 0);
}

TEST_F(LoginThrottleTest, CancelledAttemptsCostNothing) {
  for (int i = 0; i < 100; ++i) {
    const auto made = throttle.begin({"id:1", "1.1.1.1"});
    ASSERT_EQ(made.wait, milliseconds(0)) << i;
    throttle.take_back(made);
  }
}

TEST_F(LoginThrottleTest, ZeroIsNoLimit) {
  LoginThrottle off{0, 0, own, nullptr};
  EXPECT_EQ(failures(off, {"id:1", "1.1.1.1"}, 1000), 1000);
}

TEST_F(LoginThrottleTest, ServersCountTogether) {
  LoginThrottle here{10, 5, own, &shared};
  LoginThrottle there{10, 5, other, &shared};
  EXPECT_EQ(failures(here, {"id:1", "1.1.1.1"}, 3), 3);
  EXPECT_EQ(failures(there, {"id:1", "2.2.2.2"}), 2);
  EXPECT_EQ(failures(here, {"id:1", "3.3.3.3"}), 0);
  // A refusal by one server costs nothing on the other.
  for (int i = 0; i < 100; ++i) failures(here, {"id:1", "4.4.4.4"});
  EXPECT_EQ(failures(here, {"id:2", "4.4.4.4"}, 5), 5);
}

TEST_F(LoginThrottleTest, WithoutTheSharedStoreEachServerCountsAlone) {
  LoginThrottle here{10, 5, own, &shared};
  shared.away = true;
  EXPECT_EQ(failures(here, {"id:1", "1.1.1.1"}), 5);
  shared.away = false;
  EXPECT_EQ(failures(here, {"id:1", "1.1.1.1"}), 0);
}

}  // namespace
}  // namespace chat::service

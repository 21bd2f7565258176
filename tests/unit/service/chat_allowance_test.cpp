#include "service/messages/chat_allowance.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"

namespace chat::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ChatAllowanceTest : public testing::Test {
 protected:
  // How many chats are accepted at once; tries at most `most`.
  static int chats(ChatAllowance& allowance, UserId user, int most = 1000) {
    int passed = 0;
    while (passed < most && allowance.take(user).count() == 0) ++passed;
    return passed;
  }

  const UserId alice{1};
  const UserId bob{2};
  test::FakeClock clock;
  ChatAllowance here{20, clock};
  ChatAllowance there{20, clock};
};

TEST_F(ChatAllowanceTest, EachAccountHasABurstOfTwoSecondsAndThenTheRate) {
  EXPECT_EQ(chats(here, alice), 40);
  EXPECT_EQ(here.take(alice), milliseconds(50));
  clock.advance(seconds(1));
  EXPECT_EQ(chats(here, alice), 20);
  EXPECT_EQ(chats(here, bob), 40);
}

TEST_F(ChatAllowanceTest, NewLoginOnTheSameNodeGainsNothing) {
  SessionEpoch epoch = 1;
  int passed = 0;
  for (int i = 0; i < 100; ++i) {
    here.logged_in(alice, epoch++);
    passed += chats(here, alice);
    clock.advance(milliseconds(100));
  }
  EXPECT_LE(passed, 40 + 10 * 20);
}

TEST_F(ChatAllowanceTest, SwitchingNodesGainsOneBurstPerNode) {
  SessionEpoch epoch = 1;
  int passed = 0;
  for (int i = 0; i < 100; ++i) {
    ChatAllowance& node = i % 2 == 0 ? here : there;
    node.logged_in(alice, epoch++);
    for (int tick = 0; tick < 10; ++tick) {
      passed += chats(node, alice);
      clock.advance(milliseconds(10));
    }
  }
  EXPECT_LE(passed, 2 * 40 + 10 * 20);
  EXPECT_GE(passed, 10 * 20 / 2);
}

TEST_F(ChatAllowanceTest, ChatsOfOthersEvictNoAccount) {
  ASSERT_EQ(chats(here, alice), 40);
  for (int i = 10; i < 50'000; ++i) (void)here.take(UserId{i});
  EXPECT_GT(here.take(alice), milliseconds(0));
}

TEST_F(ChatAllowanceTest, RemembersABoundedNumberOfAccounts) {
  for (int i = 1; i < 500'000; ++i) (void)here.take(UserId{i});
  EXPECT_LE(here.size(), 2 * ChatAllowance::kAccountsMax);
}

TEST_F(ChatAllowanceTest, ZeroIsNoLimit) {
  ChatAllowance off{0, clock};
  off.logged_in(alice, 1);
  EXPECT_EQ(chats(off, alice), 1000);
  EXPECT_EQ(off.size(), 0U);
}

}  // namespace
}  // namespace chat::service

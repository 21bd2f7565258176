#include "chat/cluster/local_bus.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chat::cluster {
namespace {

class Notes final : public BusListener {
 public:
  void on_bus_message(const BusMessage& message) override { heard.push_back(message.payload); }
  void on_bus_gap() override {}
  std::vector<std::string> heard;
};

using Heard = std::vector<std::string>;

class LocalBusTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(a_.start(notes_a_));
    ASSERT_TRUE(b_.start(notes_b_));
  }

  const Channel user_ = channel_of(UserId{7});
  const Channel group_ = channel_of(GroupId{7});
  LocalHub hub_;
  Notes notes_a_;
  Notes notes_b_;
  LocalBus a_{hub_};
  LocalBus b_{hub_};
};

TEST_F(LocalBusTest, CarriesToOthersAndNotToItself) {
  a_.subscribe({user_}, {});
  b_.subscribe({user_}, {});
  a_.publish({{user_, "1"}, {user_, "2"}});
  EXPECT_EQ(notes_b_.heard, (Heard{"1", "2"}));
  EXPECT_TRUE(notes_a_.heard.empty());
}

TEST_F(LocalBusTest, UserAndGroupWithTheSameIdAreTwoChannels) {
  b_.subscribe({group_}, {});
  a_.publish({{user_, "user"}, {group_, "group"}});
  EXPECT_EQ(notes_b_.heard, Heard{"group"});
}

TEST_F(LocalBusTest, SubscriptionsAreCounted) {
  b_.subscribe({user_}, {});
  b_.subscribe({user_}, {});
  a_.publish({{user_, "1"}});
  b_.unsubscribe({user_, group_});
  a_.publish({{user_, "2"}});
  b_.unsubscribe({user_});
  a_.publish({{user_, "3"}});
  EXPECT_EQ(notes_b_.heard, (Heard{"1", "2"}));
}

TEST_F(LocalBusTest, StoppedBusReceivesNothing) {
  EXPECT_FALSE(a_.alone());
  b_.subscribe({user_}, {});
  b_.stop();
  b_.stop();
  EXPECT_TRUE(a_.alone());
  a_.publish({{user_, "1"}});
  EXPECT_TRUE(notes_b_.heard.empty());
}

}  // namespace
}  // namespace chat::cluster

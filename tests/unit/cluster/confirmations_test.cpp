#include "cluster/redis/confirmations.h"

#include <gtest/gtest.h>

#include <string>

namespace chat::cluster {
namespace {

class ConfirmationsTest : public testing::Test {
 protected:
  base::Task note(char name) {
    return [this, name] { called_ += name; };
  }
  const std::string& called_after(std::vector<base::Task> tasks) {
    for (base::Task& task : tasks) task();
    return called_;
  }

  std::string called_;
  Confirmations confirmations_;
};

TEST_F(ConfirmationsTest, CallIsDueWhenItsAndEarlierChannelsAreConfirmed) {
  confirmations_.ask(2);
  confirmations_.when_confirmed(note('a'));
  confirmations_.ask(1);
  confirmations_.when_confirmed(note('b'));
  confirmations_.confirm();
  EXPECT_EQ(called_after(confirmations_.take_due()), "");
  confirmations_.confirm();
  EXPECT_EQ(called_after(confirmations_.take_due()), "a");
  EXPECT_TRUE(confirmations_.pending());
  confirmations_.confirm();
  EXPECT_EQ(called_after(confirmations_.take_due()), "ab");
  EXPECT_FALSE(confirmations_.pending());
  EXPECT_EQ(called_after(confirmations_.take_due()), "ab");
}

TEST_F(ConfirmationsTest, EmptyCallWaitsForEarlierOnes) {
  confirmations_.when_confirmed(note('a'));
  EXPECT_EQ(called_after(confirmations_.take_due()), "a");
  confirmations_.ask(1);
  confirmations_.when_confirmed(note('b'));
  confirmations_.when_confirmed(note('c'));
  EXPECT_EQ(called_after(confirmations_.take_due()), "a");
  confirmations_.confirm();
  EXPECT_EQ(called_after(confirmations_.take_due()), "abc");
}

TEST_F(ConfirmationsTest, AbandonReturnsAllTasksInOrder) {
  confirmations_.ask(5);
  confirmations_.when_confirmed(note('a'));
  confirmations_.ask(5);
  confirmations_.when_confirmed(note('b'));
  EXPECT_EQ(called_after(confirmations_.abandon()), "ab");
  EXPECT_FALSE(confirmations_.pending());
}

}  // namespace
}  // namespace chat::cluster

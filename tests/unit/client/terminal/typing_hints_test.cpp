#include "client/terminal/transcript/typing_hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

namespace chat::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr UserId kAnna{3};
constexpr UserId kBerta{4};
constexpr GroupId kChoir{7};
const Target kInChoir{{}, kChoir};

event::Message message_of(UserId from, GroupId group = {}) {
  event::Message out;
  out.from = from;
  out.group = group;
  return out;
}

class TypingHintsTest : public ::testing::Test {
 protected:
  std::vector<UserId> shown(std::optional<Target> current = {}) {
    return hints.users(current, now);
  }

  TypingHints hints;
  base::SteadyTime now{seconds(100)};
};

TEST_F(TypingHintsTest, LastForAWhile) {
  hints.take(event::Typing{kAnna, {}, true}, now);
  now += seconds(7);
  EXPECT_THAT(shown(), ElementsAre(kAnna));
  now += seconds(1);
  EXPECT_THAT(shown(), IsEmpty());
}

TEST_F(TypingHintsTest, EndWithTheMessage) {
  hints.take(event::Typing{kAnna, {}, true}, now);
  hints.take(message_of(kAnna), now);
  EXPECT_THAT(shown(), IsEmpty());
}

TEST_F(TypingHintsTest, ThatArriveDirectlyAfterTheMessageAreStale) {
  hints.take(message_of(kAnna), now);
  now += milliseconds(900);
  hints.take(event::Typing{kAnna, {}, true}, now);
  EXPECT_THAT(shown(), IsEmpty());
  now += milliseconds(200);
  hints.take(event::Typing{kAnna, {}, true}, now);
  EXPECT_THAT(shown(), ElementsAre(kAnna));
}

TEST_F(TypingHintsTest, OfSeveralInAGroupEndOneByOne) {
  hints.take(event::Typing{kAnna, kChoir, true}, now);
  hints.take(event::Typing{kBerta, kChoir, true}, now);
  EXPECT_THAT(shown(kInChoir), ElementsAre(kAnna, kBerta));
  hints.take(event::Typing{kAnna, kChoir, false}, now);
  EXPECT_THAT(shown(kInChoir), ElementsAre(kBerta));
}

TEST_F(TypingHintsTest, OfOthersInTheGroupStay) {
  hints.take(event::Typing{kAnna, kChoir, true}, now);
  hints.take(message_of(kBerta, kChoir), now);
  EXPECT_THAT(shown(kInChoir), ElementsAre(kAnna));
  hints.take(message_of(kAnna, kChoir), now);
  EXPECT_THAT(shown(kInChoir), IsEmpty());
  hints.take(event::Typing{kBerta, kChoir, true}, now);
  EXPECT_THAT(shown(kInChoir), IsEmpty());
}

}  // namespace
}  // namespace chat::client

#include "client/core/outbox.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace chat::client {
namespace {

using namespace std::chrono_literals;

const Target kBob{UserId{2}, {}};
const Target kCarol{UserId{3}, {}};

std::int64_t no_jitter(std::int64_t) {
  return 0;
}

base::SteadyTime soon() {
  return base::system_clock().now() + 5s;
}

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    outbox.open();
    outbox.start();
  }
  void add(const std::string& cid, const Target& target = kBob) {
    ASSERT_TRUE(outbox.add({cid, target, "json of " + cid}, soon()));
  }
  std::string next() {
    const auto chat = outbox.next();
    return chat ? chat->cid : "nothing";
  }
  bool settled() { return outbox.wait_settled(base::system_clock().now()); }

  Outbox outbox{no_jitter};
};

TEST_F(OutboxTest, StreamHasOneChatInFlightIndependentOfOthers) {
  add("b1");
  add("b2");
  add("c1", kCarol);
  EXPECT_EQ(next(), "b1");
  EXPECT_EQ(next(), "c1");
  EXPECT_FALSE(settled());
  outbox.finish(kBob, "c1");  // of another stream: no answer to what is on its way here
  outbox.finish(kBob, "b1");
  EXPECT_EQ(next(), "b2");
  EXPECT_EQ(outbox.size(), 2U);
}

TEST_F(OutboxTest, OldestFirstAmongStreams) {
  add("c1", kCarol);
  add("b1");
  EXPECT_EQ(next(), "c1");
  EXPECT_EQ(next(), "b1");
}

TEST_F(OutboxTest, HeldChatStaysFirstInItsStream) {
  add("b1");
  add("b2");
  EXPECT_EQ(next(), "b1");
  const auto begun = base::system_clock().now();
  EXPECT_EQ(outbox.hold(kBob, "b1", 100ms), Outbox::Held::kFirst);
  EXPECT_TRUE(settled());
  add("c1", kCarol);
  EXPECT_EQ(next(), "c1");
  EXPECT_EQ(outbox.hold(kCarol, "c1", 100ms), Outbox::Held::kAgain);
  EXPECT_EQ(next(), "b1");
  EXPECT_GE(base::system_clock().now() - begun, 100ms);
  EXPECT_EQ(outbox.hold(kBob, "b1", 100ms), Outbox::Held::kAgain);
  EXPECT_EQ(next(), "c1");
  outbox.finish(kCarol, "c1");
  EXPECT_EQ(next(), "b1");
  EXPECT_GE(base::system_clock().now() - begun, 300ms);  // 100 and 200
  outbox.finish(kBob, "b1");
  EXPECT_EQ(next(), "b2");
  outbox.finish(kBob, "b2");
  add("b3");
  EXPECT_EQ(next(), "b3");
  EXPECT_EQ(outbox.hold(kBob, "b3", 1ms), Outbox::Held::kFirst);
  EXPECT_EQ(outbox.hold(kBob, "b3", 1ms), Outbox::Held::kUnknown);
}

TEST_F(OutboxTest, InFlightChatsAreResentAfterALostConnection) {
  add("b1");
  add("b2");
  EXPECT_EQ(next(), "b1");
  outbox.close();
  EXPECT_EQ(next(), "nothing");
  EXPECT_TRUE(outbox.wait_empty(0ms));  // nothing to wait for
  outbox.finish(kBob, "b1");            // of the old connection: too late
  outbox.open();
  add("b3");
  std::thread login([this] { outbox.start(); });
  for (const std::string cid : {"b1", "b2", "b3"}) {
    EXPECT_EQ(next(), cid);
    outbox.finish(kBob, cid);
  }
  login.join();
  EXPECT_TRUE(outbox.wait_empty(5s));
}

TEST_F(OutboxTest, WaitEndsWithoutProgress) {
  constexpr int kChats = 14;
  constexpr auto kPatience = 100ms;
  for (int i = 0; i < kChats; ++i) add(std::to_string(i));
  const auto begun = base::system_clock().now();
  // Each is held for 50 ms: together they exceed the limit of a single wait.
  std::thread server([this] {
    for (int i = 0; i < kChats; ++i) {
      EXPECT_EQ(outbox.hold(kBob, next(), 50ms) == Outbox::Held::kUnknown, false);
      outbox.finish(kBob, next());
    }
  });
  EXPECT_TRUE(outbox.wait_empty(kPatience));
  server.join();
  EXPECT_EQ(outbox.size(), 0U);
  EXPECT_GE(base::system_clock().now() - begun, kPatience * Outbox::kHeldPatience);
  add("swallowed");
  EXPECT_EQ(next(), "swallowed");
  EXPECT_FALSE(outbox.wait_empty(1ms));
}

TEST_F(OutboxTest, PausedOutboxSendsNothingButAcceptsAnswers) {
  add("b1");
  add("b2");
  EXPECT_EQ(next(), "b1");
  outbox.pause();
  outbox.finish(kBob, "b1");
  EXPECT_EQ(outbox.size(), 1U);
  std::thread later([this] { outbox.start(); });
  EXPECT_EQ(next(), "b2");
  later.join();
}

TEST_F(OutboxTest, FullOutboxWaitsForRoom) {
  for (std::size_t i = 0; i < Outbox::kMax; ++i) add(std::to_string(i));
  EXPECT_FALSE(outbox.add({"more", kBob, ""}, base::system_clock().now()));
  std::thread answer([this] { outbox.finish(kBob, next()); });
  EXPECT_TRUE(outbox.add({"more", kBob, ""}, soon()));
  answer.join();
  EXPECT_EQ(outbox.size(), Outbox::kMax);
  EXPECT_FALSE(outbox.wait_room({}));
  outbox.clear();
  EXPECT_EQ(outbox.size(), 0U);
}

TEST(RetryDelay, GrowsFromTheServersDelayUpTo30Seconds) {
  std::vector<std::int64_t> delays;
  for (int tries = 0; tries < 12; ++tries) {
    delays.push_back(retry_delay(500ms, tries, no_jitter).count());
  }
  EXPECT_EQ(delays, (std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000,
                                               30000, 30000, 30000, 30000}));
  EXPECT_EQ(retry_delay(0ms, 0, no_jitter), 20ms);
  EXPECT_EQ(retry_delay(-1ms, 0, no_jitter), 20ms);
  EXPECT_EQ(retry_delay(24h, 3, no_jitter), 30s);
  EXPECT_EQ(retry_delay(100ms, 1, [](std::int64_t most) { return most; }), 300ms);
}

}  // namespace
}  // namespace chat::client

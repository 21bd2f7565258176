#include "cluster/redis/redis_outbox.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chat::cluster {
namespace {

BusMessage message(std::string payload) {
  return {channel_of(UserId{1}), std::move(payload)};
}

std::string payloads(const RedisOutbox::Contents& contents) {
  std::string all;
  for (const BusMessage& each : contents.messages) all += each.payload;
  return all;
}

TEST(RedisOutbox, ReturnsMessagesInOrderAndWakesOnce) {
  RedisOutbox outbox;
  EXPECT_FALSE(outbox.put({}));
  EXPECT_TRUE(outbox.put({message("a"), message("b")}));
  EXPECT_FALSE(outbox.put({message("c")}));
  EXPECT_EQ(payloads(outbox.take()), "abc");
  EXPECT_TRUE(outbox.take().empty());
  EXPECT_TRUE(outbox.put({message("d")}));
}

TEST(RedisOutbox, DropsAndCountsExcessMessages) {
  RedisOutbox outbox(2, 100);
  EXPECT_TRUE(outbox.put({message("a"), message("b"), message("c")}));
  EXPECT_FALSE(outbox.put({message("d")}));
  const auto contents = outbox.take();
  EXPECT_EQ(payloads(contents), "ab");
  EXPECT_EQ(contents.dropped, 2U);
  EXPECT_TRUE(outbox.put({message("e")}));
  EXPECT_EQ(outbox.take().dropped, 0U);
}

TEST(RedisOutbox, DropsAndCountsExcessBytes) {
  RedisOutbox outbox(100, 4);
  EXPECT_TRUE(outbox.put({message("12345")}));
  EXPECT_FALSE(outbox.put({message("1234"), message("1")}));
  const auto contents = outbox.take();
  EXPECT_EQ(payloads(contents), "1234");
  EXPECT_EQ(contents.dropped, 2U);
  EXPECT_TRUE(outbox.put({message("1234")}));
  EXPECT_EQ(payloads(outbox.take()), "1234");
}

}  // namespace
}  // namespace chat::cluster

#include "cluster/redis/redis_wire.h"

#include <gtest/gtest.h>

#include <limits>

namespace chat::cluster {
namespace {

TEST(ChannelName, RoundTrips) {
  const auto most = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(channel_name("c", channel_of(UserId{7})), "chat:c:user:7");
  EXPECT_EQ(channel_name("c", channel_of(GroupId{most})), "chat:c:group:2147483647");
  EXPECT_EQ(channel_name("c", kChannelOfAll), "chat:c:all");
  for (const Channel& channel :
       {channel_of(UserId{1}), channel_of(UserId{most}), channel_of(GroupId{1}),
        channel_of(GroupId{most}), kChannelOfAll}) {
    EXPECT_EQ(parse_channel("c", channel_name("c", channel)), channel);
    EXPECT_FALSE(parse_channel("d", channel_name("c", channel)));
  }
}

TEST(ChannelName, RefusesOtherNames) {
  for (const char* name :
       {"", "user", "user:", "users:1", "nodes", "user:0", "user:-1", "user:+1", "user: 1",
        "user:1 ", "user:1a", "user:2147483648", "User:1", "group:", "group:x", "xuser:1"}) {
    EXPECT_FALSE(parse_channel("c", std::string("chat:c:") + name)) << name;
    EXPECT_FALSE(parse_channel("c", name)) << name;
  }
}

TEST(WireMessage, CarriesAnyPayload) {
  const std::string zeros(3, '\0');
  std::string bytes = "what was there before";
  for (const std::string& payload : {std::string(), std::string("\n"), std::string("a\nb\n"), zeros,
                                     std::string("m d 1 2 3\n{}")}) {
    encode_message("node 1", payload, bytes);
    EXPECT_EQ(bytes, "node 1\n" + payload);
    const auto message = decode_message(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->origin, "node 1");
    EXPECT_EQ(message->payload, payload);
  }
}

TEST(WireMessage, NeedsALineWithAnOrigin) {
  for (const char* bytes : {"", "no line", "\n", "\npayload"}) {
    EXPECT_FALSE(decode_message(bytes)) << bytes;
  }
}

}  // namespace
}  // namespace chat::cluster

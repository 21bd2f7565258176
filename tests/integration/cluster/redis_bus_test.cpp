// The bus over a real Redis, which is killed, stopped and made to refuse connections.
#include "chat/cluster/redis_bus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "chat/base/log.h"
#include "chat/base/mutex.h"
#include "support/deadline.h"
#include "support/eventually.h"
#include "support/processes/redis_server.h"
#include "support/temp_dir.h"

namespace chat::test {
namespace {

using cluster::BusMessage;
using cluster::Channel;
using cluster::channel_of;
using cluster::RedisBus;
using cluster::RedisOptions;
using Clock = std::chrono::steady_clock;
using Strings = std::vector<std::string>;

// Records what a node's bus reports.
class Ears final : public cluster::BusListener {
 public:
  void on_bus_message(const BusMessage& message) override {
    base::MutexLock lock(mutex_);
    messages_.push_back(message);
  }
  void on_bus_gap() override { ++gaps; }

  std::vector<BusMessage> messages() const {
    base::MutexLock lock(mutex_);
    return messages_;
  }
  std::size_t count() const {
    base::MutexLock lock(mutex_);
    return messages_.size();
  }
  Strings payloads() const {
    Strings all;
    for (const BusMessage& message : messages()) all.push_back(message.payload);
    return all;
  }

  std::atomic<int> gaps = 0;

 private:
  mutable base::Mutex mutex_;
  std::vector<BusMessage> messages_ CHAT_GUARDED_BY(mutex_);
};

struct Node {
  explicit Node(RedisOptions options) : bus(std::move(options)) {}

  Ears ears;  // outlives the bus
  RedisBus bus;
};

std::vector<BusMessage> numbered(int first, int count, const Channel& channel) {
  std::vector<BusMessage> messages;
  for (int i = 0; i < count; ++i) messages.push_back({channel, std::to_string(first + i)});
  return messages;
}

bool all_within(milliseconds usual, const std::function<bool()>& condition) {
  return eventually(condition, scaled(usual));
}

// The log of the buses, one file for the whole program.
class Log {
 public:
  Log() { EXPECT_TRUE(log::configure(log::Level::kInfo, file())); }
  int lines_with(const std::string& words) const {
    std::istringstream text(read_file(file()));
    int count = 0;
    for (std::string line; std::getline(text, line);) {
      if (line.find(words) != std::string::npos) ++count;
    }
    return count;
  }

 private:
  std::string file() const { return dir_.file("log"); }
  TempDir dir_;
};
Log& logged() {
  static Log log;
  return log;
}

class RedisBusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = RedisServer::missing(); !why.empty()) GTEST_SKIP() << why;
    logged();
    redis = std::make_unique<RedisServer>();
    a = started("a");
    b = started("b");
  }

  RedisOptions options(const std::string& node) const {
    RedisOptions options;
    options.socket = redis->socket();
    options.node = node;
    return options;
  }
  std::unique_ptr<Node> started(const std::string& name) const {
    auto node = std::make_unique<Node>(options(name));
    const auto result = node->bus.start(node->ears);
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_TRUE(eventually([&node] { return node->bus.up(); }));
    return node;
  }
  static void listen(Node& node, const std::vector<Channel>& channels) {
    auto heard = std::make_shared<std::atomic<bool>>(false);
    node.bus.subscribe(channels, [heard] { *heard = true; });
    ASSERT_TRUE(eventually([&heard] { return heard->load(); }));
  }
  // Publishes repeatedly until a message arrives.
  static void expect_carried(Node& from, Node& to, const Channel& channel) {
    const std::size_t before = to.ears.count();
    EXPECT_TRUE(wait_until([&] {
      from.bus.publish({{channel, "again"}});
      return to.ears.count() > before;
    }));
  }

  const Channel user = channel_of(UserId{7});
  const Channel group = channel_of(GroupId{7});
  std::unique_ptr<RedisServer> redis;
  std::unique_ptr<Node> a;
  std::unique_ptr<Node> b;
};

TEST_F(RedisBusTest, CarriesAnyBytesToOthersAndNotToItself) {
  listen(*a, {user});
  listen(*b, {user, group});
  const std::string bytes("a\nb\0c\r\n\xff", 8);
  a->bus.publish({{user, bytes}, {group, ""}});
  ASSERT_TRUE(eventually([&] { return b->ears.count() == 2; }));
  EXPECT_EQ(b->ears.payloads(), (Strings{bytes, ""}));
  EXPECT_EQ(b->ears.messages()[0].channel, user);
  EXPECT_EQ(b->ears.messages()[1].channel, group);
  b->bus.publish({{user, "back"}});
  ASSERT_TRUE(eventually([&] { return a->ears.count() > 0; }));
  EXPECT_EQ(a->ears.payloads(), Strings{"back"});
  EXPECT_EQ(a->ears.gaps + b->ears.gaps, 0);
  EXPECT_EQ(redis->calls("publish"), 3);
}

TEST_F(RedisBusTest, UnsubscribedChannelReceivesNothing) {
  listen(*b, {user, group});
  b->bus.unsubscribe({user});
  listen(*b, {});  // confirmed after all earlier ones
  a->bus.publish({{user, "1"}, {group, "2"}});
  ASSERT_TRUE(eventually([&] { return b->ears.count() > 0; }));
  EXPECT_EQ(b->ears.payloads(), Strings{"2"});
  listen(*b, {user});
  a->bus.publish({{user, "3"}});
  ASSERT_TRUE(eventually([&] { return b->ears.count() > 1; }));
}

TEST_F(RedisBusTest, KeepsTheOrderOfManyMessages) {
  constexpr int kMessages = 10'000;
  listen(*b, {user});
  for (int sent = 0; sent < kMessages;) {
    const int batch = std::min(1 + sent % 700, kMessages - sent);
    a->bus.publish(numbered(sent, batch, user));
    sent += batch;
  }
  ASSERT_TRUE(eventually([&] { return b->ears.count() >= kMessages; }));
  const Strings got = b->ears.payloads();
  for (int i = 0; i < kMessages; ++i)
    ASSERT_EQ(got[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_EQ(redis->calls("publish"), kMessages);
}

TEST_F(RedisBusTest, NothingIsMissedAfterHeard) {
  for (int round = 1; round <= 500; ++round) {
    const Channel channel = channel_of(UserId{round});
    a->bus.subscribe({channel}, [this, channel, round] {
      b->bus.publish({{channel, std::to_string(round)}});
    });
    ASSERT_TRUE(all_within(kPatience, [&] {
      return a->ears.count() == static_cast<std::size_t>(round);
    })) << round;
  }
  EXPECT_EQ(a->ears.gaps, 0);
}

TEST_F(RedisBusTest, BurstOfSubscriptionsNeedsFewCommands) {
  constexpr int kUsers = 2000;
  const auto subscribes = redis->calls("subscribe");
  std::atomic<int> heard = 0;
  const auto began = Clock::now();
  for (int id = 1; id <= kUsers; ++id) {
    a->bus.subscribe({channel_of(UserId{id})}, [&heard] { ++heard; });
  }
  ASSERT_TRUE(eventually([&] { return heard == kUsers; }));
  RecordProperty("burst_us",
                 static_cast<int>((Clock::now() - began) / std::chrono::microseconds(1)));
  EXPECT_LT(redis->calls("subscribe") - subscribes, kUsers / 4);
  std::vector<BusMessage> messages;
  for (int id = 1; id <= kUsers; ++id) messages.push_back({channel_of(UserId{id}), "to all"});
  b->bus.publish(std::move(messages));
  EXPECT_TRUE(eventually([&] { return a->ears.count() == kUsers; }));
}

TEST_F(RedisBusTest, RestartOfRedisIsAGapAndKeepsSubscriptions) {
  const int downs = logged().lines_with("event=bus_down");
  const int ups = logged().lines_with("event=bus_up");
  listen(*a, {user});
  redis->kill9();
  ASSERT_TRUE(eventually([&] { return !a->bus.up() && !b->bus.up(); }));
  bool heard = false;
  a->bus.subscribe({group}, [&heard] { heard = true; });
  EXPECT_TRUE(heard);
  a->bus.unsubscribe({channel_of(UserId{8})});
  EXPECT_EQ(a->ears.gaps, 0);

  redis->start();
  EXPECT_TRUE(all_within(milliseconds{5000}, [&] { return a->bus.up() && b->bus.up(); }));
  EXPECT_TRUE(eventually([&] { return a->ears.gaps == 1; }));
  expect_carried(*b, *a, user);
  expect_carried(*b, *a, group);
  EXPECT_EQ(logged().lines_with("event=bus_down") - downs, 2);
  EXPECT_EQ(logged().lines_with("event=bus_up") - ups, 2);
}

TEST_F(RedisBusTest, FrozenRedisBlocksNoCaller) {
  redis->freeze();
  const Deadline frozen_until(milliseconds{3000});
  std::atomic<bool> heard = false;
  const auto began = Clock::now();
  a->bus.subscribe({user}, [&heard] { heard = true; });
  EXPECT_TRUE(all_within(milliseconds{2000}, [&] { return heard.load(); }));
  RecordProperty("heard_ms", static_cast<int>((Clock::now() - began) / milliseconds(1)));
  Clock::duration longest{0};
  ASSERT_TRUE(eventually([&] {
    const auto before = Clock::now();
    a->bus.publish(numbered(0, 100, group));
    longest = std::max(longest, Clock::now() - before);
    return frozen_until.passed();
  }));
  EXPECT_LT(longest, scaled(milliseconds{50}));
  EXPECT_FALSE(a->bus.up());

  redis->thaw();
  EXPECT_TRUE(all_within(milliseconds{5000}, [&] { return a->bus.up(); }));
  EXPECT_TRUE(eventually([&] { return a->ears.gaps >= 1; }));
  expect_carried(*b, *a, user);
}

TEST_F(RedisBusTest, SilentRedisIsDetectedWithoutTraffic) {
  redis->freeze();
  EXPECT_TRUE(all_within(milliseconds{6000}, [&] { return !a->bus.up(); }));
  redis->thaw();
  EXPECT_TRUE(all_within(milliseconds{5000}, [&] { return a->bus.up(); }));
}

TEST_F(RedisBusTest, IdleBusStaysUp) {
  const auto pings = redis->calls("ping");
  ASSERT_TRUE(eventually([&] { return redis->calls("ping") >= pings + 8; }));
  EXPECT_TRUE(a->bus.up() && b->bus.up());
  EXPECT_EQ(a->ears.gaps + b->ears.gaps, 0);
}

TEST_F(RedisBusTest, FailureToPublishIsAGapForTheOthers) {
  listen(*b, {user});
  redis->command({"ACL", "SETUSER", "default", "-publish"});
  a->bus.publish({{user, "1"}, {user, "2"}});
  ASSERT_TRUE(wait_until([&] {
    return redis->command({"INFO", "errorstats"}).find("errorstat_NOPERM:count=2") !=
           std::string::npos;
  }));
  EXPECT_EQ(b->ears.gaps, 0);

  redis->command({"ACL", "SETUSER", "default", "+publish"});
  EXPECT_TRUE(all_within(milliseconds{5000}, [&] { return b->ears.gaps > 0; }));
  expect_carried(*a, *b, user);
  EXPECT_EQ(b->ears.gaps, 1);
  EXPECT_EQ(a->ears.gaps, 0);
  EXPECT_TRUE(b->bus.up());
}

TEST_F(RedisBusTest, PublishingWithoutAConnectionIsAGapForTheOthers) {
  listen(*b, {user});
  const auto refusals = [this] {
    const std::string statistics = redis->command({"-a", "new", "INFO", "errorstats"});
    const std::string label = "errorstat_NOAUTH:count=";
    const auto place = statistics.find(label);
    return place == std::string::npos ? 0 : std::stoi(statistics.substr(place + label.size()));
  };
  // Subscribers stay connected; publishers are disconnected and refused.
  redis->command({"CONFIG", "SET", "requirepass", "new"});
  redis->command({"-a", "new", "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  ASSERT_TRUE(wait_until([&] { return refusals() > 0; }));
  a->bus.publish({{user, "lost"}});
  const int before = refusals();
  ASSERT_TRUE(wait_until([&] { return refusals() >= before + 4; }));
  EXPECT_EQ(b->ears.gaps, 0);

  redis->command({"-a", "new", "CONFIG", "SET", "requirepass", ""});
  EXPECT_TRUE(all_within(milliseconds{5000}, [&] { return b->ears.gaps > 0; }));
  expect_carried(*a, *b, user);
  EXPECT_EQ(b->ears.payloads().front(), "again");
  EXPECT_EQ(b->ears.gaps, 1);
  EXPECT_EQ(a->ears.gaps, 0);
  EXPECT_TRUE(a->bus.up() && b->bus.up());
}

TEST_F(RedisBusTest, OverflowIsAGapForTheOthers) {
  listen(*b, {user});
  a->bus.publish(numbered(0, 70'000, user));
  EXPECT_TRUE(eventually([&] { return b->ears.gaps > 0; }));
  EXPECT_TRUE(eventually([&] { return b->ears.count() == 65'536; }));
  EXPECT_EQ(a->ears.gaps, 0);
}

TEST_F(RedisBusTest, StartsDownWithoutRedisAndComesUpWithIt) {
  redis->kill9();
  Node late(options("late"));
  ASSERT_TRUE(late.bus.start(late.ears));
  EXPECT_FALSE(late.bus.up());
  bool heard = false;
  late.bus.subscribe({user}, [&heard] { heard = true; });
  EXPECT_TRUE(heard);
  redis->start();
  EXPECT_TRUE(all_within(milliseconds{5000}, [&] { return late.bus.up(); }));
  EXPECT_TRUE(eventually([&] { return late.ears.gaps == 1; }));
  expect_carried(*a, late, user);
}

TEST_F(RedisBusTest, StopIsQuickWhateverRedisDoes) {
  redis->freeze();
  a->bus.publish(numbered(0, 1000, user));
  std::atomic<bool> heard = false;
  a->bus.subscribe({user}, [&heard] { heard = true; });
  Node late(options("late"));
  const auto began = Clock::now();
  a->bus.stop();
  EXPECT_LT(Clock::now() - began, scaled(milliseconds{200}));
  EXPECT_TRUE(heard);
  a->bus.stop();

  ASSERT_TRUE(late.bus.start(late.ears));
  const auto again = Clock::now();
  late.bus.stop();
  EXPECT_LT(Clock::now() - again, scaled(milliseconds{200}));
}

TEST_F(RedisBusTest, NothingIsCalledAfterStop) {
  listen(*a, {user});
  a->bus.stop();
  bool heard = false;
  a->bus.subscribe({group}, [&heard] { heard = true; });
  listen(*b, {user});
  auto c = started("c");
  c->bus.publish({{user, "1"}});
  ASSERT_TRUE(eventually([&] { return b->ears.count() == 1; }));
  EXPECT_EQ(a->ears.count(), 0U);
  EXPECT_FALSE(heard);
  EXPECT_FALSE(a->bus.up());
}

TEST_F(RedisBusTest, StopPublishesWaitingMessages) {
  listen(*b, {user});
  a->bus.publish(numbered(0, 300, user));
  for (int i = 0; i < 30; ++i) a->bus.publish(numbered(300 + i, 1, user));
  a->bus.stop();
  EXPECT_TRUE(eventually([&] { return b->ears.count() == 330; }));
}

TEST_F(RedisBusTest, WorksOverTcpAndDescribesItsAddress) {
  RedisServer server({.tcp = true, .password = "the secret"});
  const auto on_tcp = [&server](const char* name) {
    RedisOptions options;
    options.port = server.port();
    options.password = "the secret";
    options.db = 3;
    options.node = name;
    return options;
  };
  Node c(on_tcp("c"));
  Node d(on_tcp("d"));
  ASSERT_TRUE(c.bus.start(c.ears));
  ASSERT_TRUE(d.bus.start(d.ears));
  listen(d, {user});
  c.bus.publish({{user, "1"}});
  EXPECT_TRUE(eventually([&] { return d.ears.count() == 1; }));
  EXPECT_EQ(c.bus.describe(), "redis:127.0.0.1:" + std::to_string(server.port()) + "/3");
  EXPECT_EQ(a->bus.describe(), "redis:" + redis->socket() + "/0");
  EXPECT_FALSE(c.bus.alone());
}

// The error with which a bus with these options refuses to start.
Error refusal(RedisOptions options) {
  Node node(std::move(options));
  const auto started = node.bus.start(node.ears);
  EXPECT_FALSE(started);
  return started ? Error{} : started.error();
}

TEST_F(RedisBusTest, WrongConfigurationIsAClearErrorAtTheStart) {
  RedisServer server({.password = "the secret"});
  RedisOptions wrong;
  wrong.socket = server.socket();
  wrong.node = "n";
  const Error none = refusal(wrong);
  EXPECT_EQ(none.code, ErrorCode::kInvalidArgument);
  EXPECT_NE(none.message.find("NOAUTH"), std::string::npos) << none.message;
  wrong.password = "guessed";
  const Error guessed = refusal(wrong);
  EXPECT_EQ(guessed.code, ErrorCode::kInvalidArgument);
  EXPECT_NE(guessed.message.find("refuses the password"), std::string::npos) << guessed.message;
  EXPECT_EQ(guessed.message.find("guessed"), std::string::npos) << guessed.message;
  wrong.password = "the secret";
  wrong.db = 99;
  const Error database = refusal(wrong);
  EXPECT_EQ(database.code, ErrorCode::kInvalidArgument);
  EXPECT_NE(database.message.find("refuses the database"), std::string::npos) << database.message;

  RedisOptions nameless = options("");
  EXPECT_EQ(refusal(nameless).code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace chat::test

// The memory of idle connections.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr int kIdleConnections = 500;
constexpr std::int64_t kEachBytes = 4096;

class Idle : public InBothFramings {
 protected:
  std::vector<RawClient> open(int count, bool talk) {
    std::vector<RawClient> clients;
    for (int i = 0; i < count; ++i) {
      clients.push_back(connect());
      if (talk) expect_alive(clients.back());
    }
    expect_alive(clients.back());
    return clients;
  }
  // The second of two rounds: the first one grows the tables that do not shrink.
  void expect_cheap(bool talk) {
    if (sanitized()) GTEST_SKIP() << "a sanitizer's memory says nothing";
    open(kIdleConnections / 10, talk).clear();
    const std::int64_t before = server.memory_kib();
    const auto clients = open(kIdleConnections, talk);
    const std::int64_t grown = (server.memory_kib() - before) * 1024;
    EXPECT_LE(grown / kIdleConnections, kEachBytes);
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Idle);

TEST_P(Idle, SilentConnectionsUseLittleMemory) {
  expect_cheap(false);
}

TEST_P(Idle, FormerlyActiveConnectionsUseLittleMemory) {
  expect_cheap(true);
}

TEST_P(Idle, BuffersOfBigRequestsAndRepliesAreFreed) {
  if (sanitized()) GTEST_SKIP() << "a sanitizer's memory says nothing";
  constexpr int kUsers = 50;
  std::vector<User> users;
  for (int i = 0; i < kUsers; ++i) users.push_back(new_user("user " + std::to_string(i)));
  const auto talk_big = [&] {
    for (User& user : users) {
      const Json ping = {{"msgid", 21}, {"pad", std::string(60'000, 'x')}};
      const std::string bytes = user.client.framed(ping);
      // In two parts, so that the server has to keep the first.
      user.client.send_raw(std::string_view(bytes).substr(0, 50'000));
      expect_alive(users.front().client.local_port() == user.client.local_port()
                       ? users.back().client
                       : users.front().client);
      user.client.send_raw(std::string_view(bytes).substr(50'000));
      expect_ok(user.client.reply(ping), 121);
    }
  };
  talk_big();
  const std::int64_t before = server.memory_kib();
  for (int round = 0; round < 5; ++round) talk_big();
  EXPECT_LE(server.memory_kib() - before, 2048) << "50 users × 64 KiB kept would be 3 MiB";
}

}  // namespace
}  // namespace chat::test

// The database is some milliseconds away: whatever costs a round trip for each stream, group or
// attempt shows.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "integration/wire/stranger.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

class DistantDatabase : public ::testing::Test {
 protected:
  static constexpr int kUsers = 24;
  static constexpr milliseconds kAnswerWithin{2'000};
  static constexpr milliseconds kEachWay{10};

  void SetUp() override {
    if (!on_mysql()) GTEST_SKIP() << "an embedded database is near";
    proxy = std::make_unique<MysqlProxy>(mariadb().socket());
    server = std::make_unique<ServerProcess>(Settings{"mysql.socket=" + proxy->socket()});
    for (int i = 0; i < kUsers; ++i) {
      users.push_back(std::make_unique<User>(new_user(server->port(), "user" + std::to_string(i))));
    }
  }
  std::int64_t id_of(int i) const { return users[static_cast<std::size_t>(i)]->id(); }
  // The users send one after the other to the given people or groups, all of them at once; returns
  // the slowest answer. `request(user, round)` makes the requests.
  template <typename MakeRequest>
  milliseconds slowest_of(int rounds, MakeRequest request) {
    std::vector<milliseconds> slowest(kUsers, milliseconds{0});
    run_in_parallel(kUsers, [&](int i) {
      const auto index = static_cast<std::size_t>(i);
      for (int round = 0; round < rounds; ++round) {
        const auto began = Clock::now();
        const Json reply = users[index]->client.request(request(i, round));
        const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
        slowest[index] = std::max(slowest[index], took);
        EXPECT_EQ(reply.value("errno", -1), 0) << reply;
      }
    });
    return *std::max_element(slowest.begin(), slowest.end());
  }
  Json chat_to(int i, std::int64_t recipient, const std::string& cid) {
    return chat_request(users[static_cast<std::size_t>(i)]->account, recipient, "text", cid);
  }

  std::unique_ptr<MysqlProxy> proxy;
  std::unique_ptr<ServerProcess> server;
  std::vector<std::unique_ptr<User>> users;
};

// As a DELETE of all that somebody was sent would lock them. The locks include the gaps before and
// after; there the free streams have no place.
TEST_F(DistantDatabase, LockedStreamsDelayNoOthers) {
  constexpr int kFree = kUsers - 2;
  const std::int64_t victim = id_of(kUsers - 1);
  for (int i = 0; i < kUsers; ++i) {
    for (const auto to : {victim, id_of(kUsers - 2), id_of(i % kFree)}) {
      users[static_cast<std::size_t>(i)]->chat(to, "before");
    }
  }
  proxy->network().set_latency(kEachWay);
  Stranger stranger(server->storage(), "BEGIN; SELECT * FROM directmessage WHERE recipient = " +
                                           std::to_string(victim) + " FOR UPDATE");
  std::vector<Json> in_the_way;
  for (int i = 0; i < kUsers; ++i) {
    in_the_way.push_back(chat_to(i, victim, "locked"));
    users[static_cast<std::size_t>(i)]->client.send(in_the_way.back());
  }
  const auto slowest = slowest_of(5, [&](int i, int round) {
    return chat_to(i, id_of((i + round) % kFree), "free" + std::to_string(round));
  });
  EXPECT_LT(slowest, scaled(milliseconds{1'000}));
  for (int i = 0; i < kUsers; ++i) {
    const auto index = static_cast<std::size_t>(i);
    EXPECT_EQ(users[index]->client.reply(in_the_way[index]).value("errno", -1), 31);
  }
}

// The locks are on the groups' own rows, or on their messages and the gaps around them, where every
// third of them has its place.
class DistantGroups : public DistantDatabase, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Rows, DistantGroups, ::testing::Bool(), [](const auto& messages) {
  return messages.param ? "OfMessages" : "OfGroups";
});

TEST_P(DistantGroups, ThatAreLockedDelayNoOthers) {
  std::vector<std::int64_t> groups;
  std::string locked;
  for (int i = 0; i < 3 * kUsers; ++i) {
    User& creator = *users[static_cast<std::size_t>(i / 3)];
    groups.push_back(creator.create_group("group " + std::to_string(i)));
    creator.group_chat(groups.back(), "first");
    if (i % 3 == 1) locked += (locked.empty() ? "" : ",") + std::to_string(groups.back());
  }
  proxy->network().set_latency(kEachWay);
  const std::string rows = GetParam() ? "groupmessage FORCE INDEX (PRIMARY) WHERE groupid IN ("
                                      : "allgroup FORCE INDEX (PRIMARY) WHERE id IN (";
  Stranger stranger(server->storage(), "BEGIN; SELECT * FROM " + rows + locked + ") FOR UPDATE");
  const auto request = [&](int i, int which, const std::string& cid) {
    const auto group = groups[static_cast<std::size_t>(3 * i + which)];
    return group_chat_request(users[static_cast<std::size_t>(i)]->account, group, "text", cid);
  };
  for (int i = 0; i < kUsers; ++i) {
    users[static_cast<std::size_t>(i)]->client.send(request(i, 1, "locked"));
  }
  const auto slowest =
      slowest_of(5, [&](int i, int round) { return request(i, 2, std::to_string(round)); });
  EXPECT_LT(slowest, scaled(milliseconds{1'000}));
  for (int i = 0; i < kUsers; ++i) {
    User& user = *users[static_cast<std::size_t>(i)];
    EXPECT_EQ(user.client.reply(request(i, 1, "locked")).value("errno", -1), 31);
  }
}

// Then every stream is read again.
TEST_F(DistantDatabase, LostConnectionsDelayNobodyForLong) {
  const auto send_to_all = [&](const std::string& cid) {
    run_in_parallel(kUsers, [&](int i) {
      User& user = *users[static_cast<std::size_t>(i)];
      std::vector<Json> requests;
      for (int to = 0; to < kUsers; to += 2) requests.push_back(chat_to(i, id_of(to), cid));
      for (const Json& request : requests) user.client.send(request);
      for (const Json& request : requests) {
        EXPECT_EQ(user.client.reply(request).value("errno", -1), 0) << request;
      }
    });
  };
  send_to_all("before");
  proxy->network().set_latency(kEachWay);
  proxy->network().reset_all();
  const auto began = Clock::now();
  send_to_all("after");
  EXPECT_LT(Clock::now() - began, scaled(kAnswerWithin));
}

// The client sends without waiting, and its answers come in order.
class DistantTable : public DistantDatabase, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Tables, DistantTable,
                         ::testing::Values("directmessage", "groupmessage", "groupuser"),
                         [](const auto& table) { return std::string(table.param); });

TEST_P(DistantTable, WaitsForItsLockDoNotAddUp) {
  constexpr int kRequests = 10;
  User& alice = *users.front();
  const std::string table = GetParam();
  const auto group = alice.create_group("here");
  const auto request = [&](int i) {
    const std::string cid = std::to_string(i);
    return table == "directmessage" ? chat_to(0, id_of(1), cid)
                                    : group_chat_request(alice.account, group, "text", cid);
  };
  Stranger stranger(server->storage(), "LOCK TABLES " + table + " WRITE");
  const auto began = Clock::now();
  for (int i = 0; i < kRequests; ++i) {
    alice.client.send(request(i));
    alice.client.send({{"msgid", 31}, {"kind", "friends"}});
  }
  for (int i = 0; i < kRequests; ++i) {
    const Json reply = alice.client.reply(request(i));
    EXPECT_EQ(reply.value("errno", -1), 31) << reply;
  }
  EXPECT_LT(Clock::now() - began, scaled(milliseconds{4'000}));
}

}  // namespace
}  // namespace chat::test

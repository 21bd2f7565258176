// A foreign session has locked the database, a table or a row: an administrator, a backup, an ALTER
// TABLE, another program on the SQLite file. Requests for locked data are answered within two
// seconds, others are not affected, and everything recovers after the lock.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "integration/wire/stranger.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds kAnswerWithin{2'000};
constexpr int kCrowd = 40;

class DatabaseLock : public WithServer {
 protected:
  DatabaseLock() {
    group = alice.create_group("here");
    alice.chat(bob.id(), "before", "d0");
    alice.group_chat(group, "before", "g0");
    bob.client.push(6);
  }

  static void expect_refused_in_time(User& user, const Json& request) {
    const auto began = Clock::now();
    const Json reply = user.client.request(request);
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
    EXPECT_LT(took, scaled(kAnswerWithin)) << request;
    EXPECT_THAT(reply.value("errno", 0), ::testing::AnyOf(31, 32)) << reply;
    EXPECT_GT(reply.value("retry_after_ms", 0), 0) << reply;
  }

  // Many at once, each on its own connection: logins by token and by password, registrations, and
  // messages to uncached users.
  void expect_crowd_has_answers_while(const std::string& lock) {
    std::vector<User> users;
    std::vector<Json> requests;
    for (int i = 0; i < kCrowd; ++i) {
      const std::string name = "member " + std::to_string(i);
      users.push_back(new_user(name));
      const User& user = users.back();
      switch (i % 4) {
        case 0: requests.push_back({{"msgid", 1}, {"token", user.welcome.at("token")}}); break;
        case 1: requests.push_back(login_request(user.account, {{"takeover", true}})); break;
        case 2:
          requests.push_back({{"msgid", 4}, {"name", "new " + name}, {"password", name}});
          break;
        default: requests.push_back(chat_request(user.account, user.id(), "hello", "c"));
      }
    }
    std::vector<std::unique_ptr<RawClient>> strangers;
    for (int i = 0; i < kCrowd; ++i) strangers.push_back(std::make_unique<RawClient>(port()));
    Stranger stranger(server.storage(), lock);
    run_in_parallel(kCrowd, [&](int index) {
      const auto i = static_cast<std::size_t>(index);
      RawClient& client = index % 4 == 3 ? users[i].client : *strangers[i];
      const auto began = Clock::now();
      const Json reply = client.request(requests[i]);
      EXPECT_LT(Clock::now() - began, scaled(kAnswerWithin)) << requests[i];
      EXPECT_THAT(reply.value("errno", -1), ::testing::AnyOf(0, 31, 32)) << reply;
    });
    stranger.release();
    run_in_parallel(kCrowd, [&](int index) {
      const auto i = static_cast<std::size_t>(index);
      RawClient& client = index % 4 == 3 ? users[i].client : *strangers[i];
      const int number = request_patiently(client, requests[i]).value("errno", -1);
      EXPECT_THAT(number, ::testing::AnyOf(0, 1, 21)) << requests[i];
    });
  }

  User alice = new_user("alice");
  User bob = new_user("bob");
  std::int64_t group = 0;
};

std::string lock_name(const ::testing::TestParamInfo<const char*>& kind) {
  std::string name = kind.param;
  std::erase_if(name, [](char c) { return !std::isalpha(static_cast<unsigned char>(c)); });
  return name;
}

// Whole tables, or everything. Many clients send requests, some while another batch is failing.
class TableLock : public DatabaseLock, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (on_mysql() == std::string(GetParam()).starts_with("BEGIN")) {
      GTEST_SKIP() << "a lock of the other database";
    }
  }
};
INSTANTIATE_TEST_SUITE_P(
    Kinds, TableLock,
    ::testing::Values("BEGIN IMMEDIATE", "FLUSH TABLES WITH READ LOCK",
                      "LOCK TABLES directmessage WRITE, groupmessage WRITE, friend WRITE",
                      "LOCK TABLES directmessage READ, groupmessage READ, friend READ",
                      "BACKUP STAGE START; BACKUP STAGE BLOCK_COMMIT"),
    lock_name);

TEST_P(TableLock, EveryRequestIsAnsweredWithinTwoSeconds) {
  constexpr int kClients = 12;
  std::vector<User> users;
  for (int i = 0; i < kClients; ++i) {
    users.push_back(new_user("user " + std::to_string(i)));
    users.back().join_group(group);
  }
  Stranger stranger(server.storage(), GetParam());
  run_in_parallel(kClients, [&](int index) {
    User& user = users[static_cast<std::size_t>(index)];
    for (int round = 0; round < 3; ++round) {
      const std::string cid = std::to_string(round);
      switch (index % 3) {
        case 0: expect_refused_in_time(user, chat_request(user.account, bob.id(), cid, cid)); break;
        case 1:
          expect_refused_in_time(user, group_chat_request(user.account, group, cid, cid));
          break;
        default: expect_refused_in_time(user, add_friend_request(user.account, bob.id()));
      }
      expect_alive(user.client);
    }
  });
  stranger.release();
  const auto began = Clock::now();
  run_in_parallel(kClients, [&](int index) {
    User& user = users[static_cast<std::size_t>(index)];
    const Json done = index % 3 == 0 ? chat_request(user.account, bob.id(), "0", "0")
                                     : group_chat_request(user.account, group, "0", "0");
    EXPECT_EQ(request_patiently(user.client, done).value("errno", -1), 0);
  });
  EXPECT_LT(Clock::now() - began, scaled(milliseconds{5'000}));
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM directmessage"), 1 + kClients / 3);
  const int texts = 1 + kClients * 2 / 3;
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM groupmessage WHERE kind IS NULL"), texts);
  EXPECT_EQ(server.storage().number("SELECT last_seq FROM allgroup"), texts + kClients)
      << "and everybody's join";
}

class CrowdAtALock : public TableLock {};
INSTANTIATE_TEST_SUITE_P(Kinds, CrowdAtALock,
                         ::testing::Values("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE",
                                           "FLUSH TABLES WITH READ LOCK",
                                           "BACKUP STAGE START; BACKUP STAGE BLOCK_COMMIT",
                                           "LOCK TABLES user WRITE", "LOCK TABLES session WRITE",
                                           "LOCK TABLES allgroup WRITE, groupuser WRITE",
                                           "LOCK TABLES directmessage WRITE, directcursor WRITE",
                                           "LOCK TABLES node WRITE"),
                         lock_name);

TEST_P(CrowdAtALock, EveryRequestIsAnsweredWithinTwoSeconds) {
  expect_crowd_has_answers_while(GetParam());
}

class RowLock : public DatabaseLock {
 protected:
  void SetUp() override {
    if (!on_mysql()) GTEST_SKIP() << "SQLite locks no rows";
    other = alice.create_group("neighbours");
    free_user = std::make_unique<User>(new_user("carol"));
    free_user->join_group(other);
    // A locked stream includes the gap after it, which ends here.
    free_user->chat(bob.id(), "first", "first");
    free_user->group_chat(other, "first", "first");
  }
  // Sends in the locked stream, and meanwhile in others; returns the slowest of these.
  milliseconds slowest_neighbour(const Json& in_the_way) {
    alice.client.send(in_the_way);
    milliseconds slowest{0};
    for (int i = 0; i < 40; ++i) {
      const std::string cid = "n" + std::to_string(i);
      const auto began = Clock::now();
      const Json reply =
          i % 2 == 0 ? free_user->chat(bob.id(), cid, cid) : free_user->group_chat(other, cid, cid);
      EXPECT_EQ(reply.value("errno", -1), 0) << reply;
      slowest = std::max(slowest, std::chrono::duration_cast<milliseconds>(Clock::now() - began));
    }
    return slowest;
  }

  // Carol receives a message, reads it and logs out, and all of that is soon in the tables.
  void expect_carol_is_written() {
    const auto carol = std::to_string(free_user->id());
    alice.chat(free_user->id(), "to carol", "to carol");
    EXPECT_TRUE(wait_until(
        [&] {
          return server.storage().number(
                     "SELECT MAX(delivered_seq) FROM directcursor"
                     " WHERE recipient = " +
                     carol) == 1;
        },
        kWrittenWithin));
    free_user->client.close();
    EXPECT_TRUE(wait_until(
        [&] {
          return server.storage().number(
                     "SELECT COUNT(*) FROM user WHERE state = 'online'"
                     " AND id = " +
                     carol) == 0;
        },
        kWrittenWithin));
  }

  static constexpr milliseconds kWrittenWithin{4'000};
  std::int64_t other = 0;
  std::unique_ptr<User> free_user;
};

TEST_F(RowLock, LockedCursorDelaysNobodyElse) {
  const std::string stream = " WHERE recipient = " + std::to_string(bob.id()) +
                             " AND sender = " + std::to_string(alice.id());
  const auto delivered = [&] {
    return server.storage().number("SELECT delivered_seq FROM directcursor" + stream);
  };
  EXPECT_TRUE(wait_until([&] { return delivered() == 1; }));
  Stranger stranger(server.storage(), "BEGIN; SELECT * FROM directcursor" + stream + " FOR UPDATE");
  alice.chat(bob.id(), "1", "d1");
  expect_carol_is_written();
  EXPECT_EQ(delivered(), 1);
  stranger.release();
  EXPECT_TRUE(wait_until([&] { return delivered() == 2; }));
}

TEST_F(RowLock, LockedGroupPositionDelaysNobodyElse) {
  const std::string member =
      " WHERE groupid = " + std::to_string(other) + " AND userid = " + std::to_string(alice.id());
  const auto delivered = [&] {
    return server.storage().number("SELECT delivered_seq FROM groupuser" + member);
  };
  const auto head =
      server.storage().number("SELECT last_seq FROM allgroup WHERE id = " + std::to_string(other));
  EXPECT_TRUE(wait_until([&] { return delivered() == head; }));
  Stranger stranger(server.storage(), "BEGIN; SELECT * FROM groupuser" + member + " FOR UPDATE");
  free_user->group_chat(other, "1", "g1");
  expect_carol_is_written();
  EXPECT_EQ(delivered(), head);
  stranger.release();
  EXPECT_TRUE(wait_until([&] { return delivered() == head + 1; }));
}

TEST_F(RowLock, LogoutOfALockedUserDelaysNobodyElse) {
  const std::string who = " WHERE id = " + std::to_string(bob.id());
  const auto online = [&] {
    return server.storage().number("SELECT COUNT(*) FROM user" + who + " AND state = 'online'");
  };
  Stranger stranger(server.storage(), "BEGIN; SELECT * FROM user" + who + " FOR UPDATE");
  bob.client.close();
  expect_carol_is_written();
  EXPECT_EQ(online(), 1);
  stranger.release();
  EXPECT_TRUE(wait_until([&] { return online() == 0; }));
}

TEST_F(RowLock, LockedUserDelaysNoOtherLogin) {
  constexpr int kOthers = 12;
  std::vector<User> users;
  for (int i = 0; i < kOthers; ++i) users.push_back(new_user("member " + std::to_string(i)));
  Stranger stranger(server.storage(), "BEGIN; SELECT * FROM user WHERE id = " +
                                          std::to_string(bob.id()) + " FOR UPDATE");
  const auto log_in_again = [&](const User& user, milliseconds most, int errno_wanted) {
    RawClient client(port());
    const Json token = {{"msgid", 1}, {"token", user.welcome.at("token")}};
    const auto began = Clock::now();
    EXPECT_EQ(client.request(token).value("errno", -1), errno_wanted);
    EXPECT_LT(Clock::now() - began, scaled(most));
  };
  run_in_parallel(kOthers + 1, [&](int i) {
    if (i == 0) return log_in_again(bob, kAnswerWithin, 31);
    log_in_again(users[static_cast<std::size_t>(i - 1)], milliseconds{900}, 0);
  });
}

TEST_F(RowLock, JoiningALockedGroupIsAnsweredWithinTwoSeconds) {
  std::vector<User> users;
  for (int i = 0; i < kCrowd; ++i) users.push_back(new_user("member " + std::to_string(i)));
  const std::string id = std::to_string(group);
  Stranger stranger(server.storage(), "BEGIN; SELECT * FROM allgroup WHERE id = " + id +
                                          " FOR UPDATE; SELECT * FROM groupuser WHERE groupid = " +
                                          id + " FOR UPDATE");
  run_in_parallel(kCrowd, [&](int i) {
    User& user = users[static_cast<std::size_t>(i)];
    expect_refused_in_time(user, {{"msgid", 9}, {"groupid", group}});
  });
}

TEST_F(RowLock, LockedGroupIsBusyAndOthersDoNotWait) {
  Stranger stranger(server.storage(), "BEGIN; SELECT * FROM allgroup WHERE id = " +
                                          std::to_string(group) + " FOR UPDATE");
  const auto began = Clock::now();
  const Json in_the_way = group_chat_request(alice.account, group, "1", "g1");
  const auto slowest = slowest_neighbour(in_the_way);
  EXPECT_LT(slowest, scaled(milliseconds{300}));
  const Json busy = alice.client.reply(in_the_way);
  EXPECT_EQ(busy.value("errno", 0), 31) << busy;
  EXPECT_GT(busy.value("retry_after_ms", 0), 0);
  EXPECT_LT(Clock::now() - began, scaled(kAnswerWithin));
  stranger.release();
  for (int i = 1; i <= 3; ++i) {
    const std::string text = std::to_string(i);
    const Json reply =
        request_patiently(alice.client, group_chat_request(alice.account, group, text, "g" + text));
    EXPECT_EQ(reply.value("seq", 0), i + 1) << reply;
  }
}

// The lock ends before any time-out: waiting messages are stored in order.
TEST_F(RowLock, UnlockedGroupKeepsItsOrder) {
  Stranger stranger(server.storage(), "BEGIN; SELECT * FROM allgroup WHERE id = " +
                                          std::to_string(group) + " FOR UPDATE");
  std::vector<Json> requests;
  for (int i = 1; i <= 5; ++i) {
    const std::string text = std::to_string(i);
    requests.push_back(group_chat_request(alice.account, group, text, "g" + text));
    alice.client.send(requests.back());
  }
  free_user->group_chat(other, "meanwhile", "m");
  stranger.release();
  int seq = 1;
  for (const Json& request : requests) {
    const Json reply = alice.client.reply(request);
    EXPECT_EQ(reply.value("errno", -1), 0) << reply;
    EXPECT_EQ(reply.value("seq", 0), ++seq) << reply;
  }
}

TEST_F(RowLock, LockedStreamIsBusyAndOthersDoNotWait) {
  Stranger stranger(
      server.storage(),
      "BEGIN; SELECT * FROM directmessage WHERE recipient = " + std::to_string(bob.id()) +
          " AND sender = " + std::to_string(alice.id()) + " FOR UPDATE");
  const Json in_the_way = chat_request(alice.account, bob.id(), "1", "d1");
  const auto slowest = slowest_neighbour(in_the_way);
  EXPECT_LT(slowest, scaled(milliseconds{300}));
  const Json busy = alice.client.reply(in_the_way);
  EXPECT_EQ(busy.value("errno", 0), 31) << busy;
  stranger.release();
  EXPECT_EQ(request_patiently(alice.client, chat_request(alice.account, bob.id(), "1", "d1"))
                .value("seq", 0),
            2);
}

// The lock is on the group's messages, not on its row.
TEST_F(RowLock, LockedGroupMessagesAreBusyAndOthersDoNotWait) {
  Stranger stranger(server.storage(), "BEGIN; SELECT * FROM groupmessage WHERE groupid = " +
                                          std::to_string(group) + " FOR UPDATE");
  const Json in_the_way = group_chat_request(alice.account, group, "1", "g1");
  const auto slowest = slowest_neighbour(in_the_way);
  EXPECT_LT(slowest, scaled(milliseconds{300}));
  EXPECT_EQ(alice.client.reply(in_the_way).value("errno", 0), 31);
}

}  // namespace
}  // namespace chat::test

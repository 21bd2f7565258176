// The database dies, is unavailable, or loses a connection at the worst moment.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <stdexcept>
#include <thread>

#include "integration/server_fixture.h"
#include "integration/wire/stranger.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

class DatabaseFault : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!on_mysql()) GTEST_SKIP() << "an embedded database does not die alone";
    proxy = std::make_unique<MysqlProxy>(mariadb().socket());
    server = std::make_unique<ServerProcess>(Settings{"mysql.socket=" + proxy->socket()});
  }
  // Expects a quick transient refusal with retry_after_ms.
  static void expect_unavailable(RawClient& client, const Json& request) {
    const auto began = Clock::now();
    const Json reply = client.request(request);
    EXPECT_LT(Clock::now() - began, scaled(milliseconds{1000})) << request;
    EXPECT_EQ(reply.value("errno", 0), 32) << reply;
    EXPECT_GT(reply.value("retry_after_ms", 0), 0) << reply;
  }

  // The first answer must be quick. Then the request is repeated while it is refused transiently.
  static Json request_with_answers_in_time(RawClient& client, const Json& request) {
    const auto began = Clock::now();
    const Json reply = client.request(request);
    EXPECT_LT(Clock::now() - began, scaled(kAnswerWithin)) << request << reply;
    return reply.contains("retry_after_ms") ? request_patiently(client, request) : reply;
  }

  static constexpr milliseconds kAnswerWithin{2'000};
  std::unique_ptr<MysqlProxy> proxy;
  std::unique_ptr<ServerProcess> server;
};

TEST_F(DatabaseFault, OutageMeansUnavailableAndRecovers) {
  User alice = new_user(server->port(), "alice");
  const Account bob = register_account(server->port(), "bob");
  const std::int64_t group = alice.create_group("here");
  alice.chat(bob.id, "before");
  mariadb().kill9();

  for (int round = 0; round < 2; ++round) {
    expect_unavailable(alice.client, chat_request(alice.account, bob.id, "lost?", "c1"));
    expect_unavailable(alice.client, group_chat_request(alice.account, group, "lost?", "c2"));
    expect_unavailable(alice.client, add_friend_request(alice.account, bob.id));
    RawClient other(server->port());
    expect_unavailable(other, login_request(bob));
    expect_alive(other);
    expect_alive(alice.client);
  }
  mariadb().start();
  const auto began = Clock::now();
  EXPECT_EQ(request_patiently(alice.client, chat_request(alice.account, bob.id, "lost?", "c1"))
                .at("errno"),
            0);
  EXPECT_EQ(request_patiently(alice.client, add_friend_request(alice.account, bob.id)).at("errno"),
            0);
  EXPECT_LT(Clock::now() - began, scaled(milliseconds{10'000}));
  alice.group_chat(group, "lost?", "c2");
  User reader = log_in(server->port(), bob);
  const auto messages = collect_messages(reader, 2);
  expect_consecutive(messages);
}

// Nobody can write that the older session has gone, nor claim the user, while somebody else has its
// row locked: the client is told to try again, and in time.
// The connections that were opened while the right was missing never get it back.
TEST_F(DatabaseFault, RestoredPrivilegeRecovers) {
  User alice = new_user(server->port(), "alice");
  const Account bob = register_account(server->port(), "bob");
  const std::int64_t group = alice.create_group("here");
  const std::string& name = server->storage().database();
  const std::string account = " ON " + name + ".* TO " + name + "@localhost";
  mariadb().query("REVOKE INSERT ON " + name + ".* FROM " + name + "@localhost");
  mariadb().query("KILL USER " + name + "@localhost");
  const Json direct = chat_request(alice.account, bob.id, "to be stored later", "c1");
  const Json to_group = group_chat_request(alice.account, group, "to be stored later", "c2");
  for (const Json& request : {direct, to_group}) {
    expect_unavailable(alice.client, request);
    expect_unavailable(alice.client, request);
  }
  mariadb().query("GRANT ALL" + account);
  const auto began = Clock::now();
  EXPECT_EQ(request_patiently(alice.client, direct).at("errno"), 0);
  EXPECT_EQ(request_patiently(alice.client, to_group).at("errno"), 0);
  EXPECT_EQ(request_patiently(alice.client, add_friend_request(alice.account, bob.id)).at("errno"),
            0);
  EXPECT_LT(Clock::now() - began, scaled(milliseconds{5'000}));
}

TEST_F(DatabaseFault, LoginThatCannotTakeOverIsAnsweredInTime) {
  User older = new_user(server->port(), "alice");
  const Account& alice = older.account;
  std::thread lock([&] {
    try {
      mariadb().query("START TRANSACTION; SELECT id FROM user WHERE id = " +
                          std::to_string(alice.id) + " FOR UPDATE; SELECT sleep(60)",
                      server->storage().database());
    } catch (const std::runtime_error&) {
      // its connection was killed
    }
  });
  std::string locker;
  EXPECT_TRUE(wait_until([&] {
    locker = mariadb().query(
        "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT sleep%'");
    return !locker.empty();
  }));
  const auto began = Clock::now();
  RawClient newer(server->port());
  newer.send(login_request(alice, {{"takeover", true}}));
  EXPECT_TRUE(wait_until(
      [&] {
        newer.take_in(milliseconds{100});
        return newer.waiting() > 0;
      },
      scaled(milliseconds{8'000})));
  const auto took = Clock::now() - began;
  const Json refusal = newer.receive();
  EXPECT_GT(refusal.value("retry_after_ms", 0), 0) << refusal;
  EXPECT_LT(took, scaled(kAnswerWithin));
  expect_alive(newer);
  mariadb().query("KILL " + locker);
  lock.join();
  // It holds no lock: once the row is free, the next login succeeds.
  EXPECT_EQ(request_patiently(newer, login_request(alice, {{"takeover", true}})).at("errno"), 0);
}

// The older session closes only when its last message is settled, and the login's own COMMIT is
// delayed too.
TEST_F(DatabaseFault, LoginIsRefusedWhenAnOlderSessionDoesNotEnd) {
  User older = new_user(server->port(), "alice");
  const Account bob = register_account(server->port(), "bob");
  proxy->cut_next_commit(MysqlProxy::Cut::kHold);
  older.client.send(chat_request(older.account, bob.id, "held up", "c1"));
  ASSERT_TRUE(wait_until([&] { return proxy->cuts() == 1; }));
  const auto began = Clock::now();
  RawClient newer(server->port());
  newer.send(login_request(older.account, {{"takeover", true}}));
  EXPECT_TRUE(wait_until(
      [&] {
        proxy->cut_next_commit(MysqlProxy::Cut::kHold);  // the next attempt as well
        newer.take_in(milliseconds{100});
        return newer.waiting() > 0;
      },
      scaled(milliseconds{15'000})));
  const auto took = Clock::now() - began;
  proxy->cut_next_commit(MysqlProxy::Cut::kNothing);
  const Json refusal = newer.receive();
  EXPECT_EQ(refusal.value("errno", 0), 32) << refusal;
  EXPECT_GT(refusal.value("retry_after_ms", 0), 0) << refusal;
  EXPECT_LT(took, scaled(kAnswerWithin));
  EXPECT_EQ(
      request_patiently(newer, login_request(older.account, {{"takeover", true}})).at("errno"), 0);
  EXPECT_EQ(newer.request(chat_request(older.account, bob.id, "held up", "c1")).value("seq", 0), 1);
}

// The network has lost the COMMIT of one request, without an error.
TEST_F(DatabaseFault, LostCommitIsAnsweredInTimeAndDelaysNobodyElse) {
  User alice = new_user(server->port(), "alice");
  User bob = new_user(server->port(), "bob");
  proxy->cut_next_commit_of("INSERT INTO friend", MysqlProxy::Cut::kHold);
  const Json in_the_way = add_friend_request(alice.account, bob.id());
  alice.client.send(in_the_way);
  EXPECT_TRUE(wait_until([&] { return proxy->cuts() == 1; }));
  const auto began = Clock::now();
  for (int i = 0; i < 5; ++i) bob.chat(alice.id(), "meanwhile");
  EXPECT_LT(Clock::now() - began, scaled(milliseconds{500}));
  const Json reply = alice.client.reply(in_the_way);
  EXPECT_LT(Clock::now() - began, scaled(kAnswerWithin));
  EXPECT_THAT(reply.value("errno", -1), ::testing::AnyOf(0, 32)) << reply;
  EXPECT_THAT(request_patiently(alice.client, in_the_way).value("errno", -1),
              ::testing::AnyOf(0, 25));
}

// Far away, each attempt to store the batch of both groups takes longer than batches are patient.
TEST_F(DatabaseFault, LockedGroupDelaysNoOtherWhenTheDatabaseIsFarAway) {
  User alice = new_user(server->port(), "alice");
  User bob = new_user(server->port(), "bob");
  const std::int64_t locked = alice.create_group("locked");
  const std::int64_t other = bob.create_group("other");
  alice.group_chat(locked, "before");
  bob.group_chat(other, "before");
  Stranger stranger(server->storage(), "BEGIN; SELECT * FROM allgroup WHERE id = " +
                                           std::to_string(locked) + " FOR UPDATE");
  proxy->network().set_latency(milliseconds{70});  // in each direction
  const Json in_the_way = group_chat_request(alice.account, locked, "1", "g1");
  const Json not_in_the_way = group_chat_request(bob.account, other, "2", "g2");
  alice.client.send(in_the_way);  // the first batch, while whose attempts the rest queues up
  alice.client.send(group_chat_request(alice.account, locked, "2", "g3"));
  bob.client.send(not_in_the_way);
  EXPECT_EQ(bob.client.reply(not_in_the_way).value("errno", -1), 0);
  EXPECT_EQ(alice.client.reply(in_the_way).value("errno", -1), 31);
}

// All clients repeat what they sent when an answer was lost; a question for each message would
// take longer than a commit may.
TEST_F(DatabaseFault, RepetitionsAreAcknowledgedWhenTheDatabaseIsFarAway) {
  constexpr int kMessages = 60;
  User alice = new_user(server->port(), "alice");
  const std::int64_t group = alice.create_group("here");
  std::vector<Json> requests;
  for (int i = 1; i <= kMessages; ++i) {
    requests.push_back(group_chat_request(alice.account, group, "1", "c" + std::to_string(i)));
  }
  const auto send_all = [&] {
    for (const Json& request : requests) alice.client.send(request);
    for (int i = 0; i < kMessages; ++i) {
      const Json reply = alice.client.reply(requests[static_cast<std::size_t>(i)]);
      EXPECT_EQ(reply.value("errno", -1), 0) << reply;
      EXPECT_EQ(reply.value("seq", 0), i + 1) << reply;
    }
  };
  send_all();
  proxy->network().set_latency(milliseconds{20});  // in each direction
  send_all();
}

// Held up in the network. Its session may have been taken over since, on the same server.
TEST_F(DatabaseFault, MessageThatWasGivenUpIsNotStoredLater) {
  User alice = new_user(server->port(), "alice");
  const Account bob = register_account(server->port(), "bob");
  alice.chat(bob.id, "before");
  proxy->cut_next_commit_of("INSERT INTO directmessage", MysqlProxy::Cut::kDelay);
  alice.client.send(chat_request(alice.account, bob.id, "held up on its way", "c1"));
  ASSERT_TRUE(wait_until([&] { return !proxy->cut_is_due(); }));
  alice.client.receive();  // the refusal
  proxy->network().blackhole(FaultProxy::Way::kToServer, false);
  const std::string count = "SELECT COUNT(*) FROM directmessage WHERE cid = 'c1'";
  EXPECT_FALSE(
      wait_until([&] { return server->storage().number(count) != 0; }, milliseconds{1'000}));
}

// A stopped database keeps its connections, accepts new ones, and does not answer.
TEST_F(DatabaseFault, HungDatabaseMeansUnavailableAndRecovers) {
  User alice = new_user(server->port(), "alice");
  const Account bob = register_account(server->port(), "bob");
  alice.chat(bob.id, "before");
  mariadb().freeze();
  expect_unavailable(alice.client, add_friend_request(alice.account, bob.id));
  expect_alive(alice.client);
  for (int round = 0; round < 3; ++round) {
    expect_unavailable(alice.client, chat_request(alice.account, bob.id, "lost?", "c1"));
    RawClient other(server->port());
    expect_unavailable(other, login_request(bob));
    expect_alive(other);
  }
  mariadb().thaw();
  EXPECT_EQ(request_patiently(alice.client, chat_request(alice.account, bob.id, "lost?", "c1"))
                .at("errno"),
            0);
  User reader = log_in(server->port(), bob);
  const auto messages = collect_messages(reader, 2);
  expect_consecutive(messages);
}

TEST_F(DatabaseFault, KilledUnderTrafficLosesNothing) {
  constexpr int kSenders = 10;
  constexpr int kMessages = 150;
  const Account reader = register_account(server->port(), "reader");
  std::vector<User> senders;
  for (int i = 0; i < kSenders; ++i) {
    senders.push_back(new_user(server->port(), "sender " + std::to_string(i)));
  }
  std::atomic<int> acknowledged = 0;
  std::thread traffic([&] {
    run_in_parallel(kSenders, [&](int index) {
      User& user = senders[static_cast<std::size_t>(index)];
      for (int i = 0; i < kMessages; ++i) {
        const Json reply = request_patiently(
            user.client,
            chat_request(user.account, reader.id, std::to_string(i), "c" + std::to_string(i)));
        EXPECT_EQ(reply.at("errno"), 0) << reply;
        EXPECT_EQ(reply.value("seq", 0), i + 1) << reply;
        ++acknowledged;
      }
    });
  });
  EXPECT_TRUE(wait_until([&] { return acknowledged > kSenders * kMessages / 3; }));
  mariadb().kill9();
  mariadb().start();
  traffic.join();
  EXPECT_EQ(acknowledged, kSenders * kMessages);

  User user = log_in(server->port(), reader);
  std::map<std::int64_t, std::vector<Json>> streams;
  for (const Json& message : collect_messages(user, kSenders * kMessages)) {
    streams[message.at("id")].push_back(message);
  }
  for (const auto& [sender, messages] : streams) {
    EXPECT_EQ(messages.size(), std::size_t{kMessages});
    expect_consecutive(messages);
  }
  expect_no_push(user);
}

class CutCommit : public DatabaseFault, public ::testing::WithParamInterface<MysqlProxy::Cut> {};
INSTANTIATE_TEST_SUITE_P(AllWays, CutCommit,
                         ::testing::Values(MysqlProxy::Cut::kAfterDelivery,
                                           MysqlProxy::Cut::kBeforeDelivery,
                                           MysqlProxy::Cut::kHold));

// The recipients are offline, so that no cursor moves and the commit that is cut is the message's.
TEST_P(CutCommit, StoresADirectMessageOnce) {
  User alice = new_user(server->port(), "alice");
  const Account bob = register_account(server->port(), "bob");
  alice.chat(bob.id, "1", "c1");
  proxy->cut_next_commit(GetParam());
  const Json reply =
      request_with_answers_in_time(alice.client, chat_request(alice.account, bob.id, "2", "c2"));
  EXPECT_EQ(reply.at("errno"), 0) << reply;
  EXPECT_EQ(reply.value("seq", 0), 2) << reply;
  EXPECT_EQ(proxy->cuts(), 1);
  EXPECT_EQ(alice.chat(bob.id, "3", "c3").at("seq"), 3);
  EXPECT_EQ(server->storage().number("SELECT count(*) FROM directmessage"), 3);
  User reader = log_in(server->port(), bob);
  const auto messages = collect_messages(reader, 3);
  expect_consecutive(messages);
  for (const Json& message : messages) {
    EXPECT_EQ(message.at("msg"), std::to_string(message.at("seq").get<int>()));
  }
}

TEST_P(CutCommit, StoresAGroupMessageOnce) {
  User alice = new_user(server->port(), "alice", Wire::kText, {{"ack", true}});
  const std::int64_t group = alice.create_group("alone");
  proxy->cut_next_commit(GetParam());
  const Json reply = request_with_answers_in_time(
      alice.client, group_chat_request(alice.account, group, "1", "c1"));
  EXPECT_EQ(reply.at("errno"), 0) << reply;
  EXPECT_EQ(reply.value("seq", 0), 1) << reply;
  EXPECT_EQ(proxy->cuts(), 1);
  EXPECT_EQ(alice.group_chat(group, "2", "c2").at("seq"), 2);
  EXPECT_EQ(server->storage().number("SELECT count(*) FROM groupmessage"), 2);
  EXPECT_EQ(server->storage().number("SELECT last_seq FROM allgroup"), 2);
}

}  // namespace
}  // namespace chat::test

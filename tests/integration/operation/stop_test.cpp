// SIGTERM, and starting on a file used by another server.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "integration/server_fixture.h"
#include "support/eventually.h"
#include "support/occurrences.h"

namespace chat::test {
namespace {

constexpr const char* kUsersOnline = "SELECT count(*) FROM user WHERE state = 'online'";
constexpr const char* kWaiting = "SELECT count(*) FROM offlinemessage";

class Stop : public WithServer {
 protected:
  void expect_bye_at_the_end(const std::vector<Json>& frames) {
    ASSERT_FALSE(frames.empty()) << "closed without a word";
    const Json& bye = frames.back();
    EXPECT_EQ(bye.at("msgid"), 204) << bye;
    EXPECT_FALSE(bye.value("reason", "").empty()) << bye;
    EXPECT_GE(bye.value("reconnect_after_ms", -1), 0) << bye;
    for (std::size_t i = 0; i + 1 < frames.size(); ++i) EXPECT_NE(frames[i].at("msgid"), 204);
  }
};

TEST_F(Stop, SaysByeOnEveryConnectionAndExitsWithZero) {
  User text = new_user("text");
  User binary = new_user("binary", Wire::kBinary);
  RawClient idle(port());
  expect_alive(idle);
  RawClient silent(port());  // has sent nothing, so its framing is unknown
  expect_alive(idle);
  server.terminate();
  for (RawClient* client : {&text.client, &binary.client, &idle}) {
    expect_bye_at_the_end(client->receive_to_end());
    EXPECT_FALSE(client->was_reset());
  }
  silent.receive_to_end();
}

TEST_F(Stop, LeavesEverybodyOffline) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  server.terminate();
  EXPECT_EQ(server.storage().number(kUsersOnline), 0);
  server.start();
  log_in(alice.account);
}

TEST_F(Stop, SigintStopsTheSameWay) {
  User alice = new_user("alice");
  ::kill(server.pid(), SIGINT);
  EXPECT_EQ(server.wait_exit(), 0);
  expect_bye_at_the_end(alice.client.receive_to_end());
}

// Like a shell for background jobs.
TEST_F(Stop, IgnoredSigintDoesNotStopIt) {
  server.terminate();
  (void)std::signal(SIGINT, SIG_IGN);
  server.start();
  (void)std::signal(SIGINT, SIG_DFL);
  ::kill(server.pid(), SIGINT);
  RawClient client(port());
  expect_alive(client);
  server.terminate();
}

class StopWithSlowHashes : public WithServer {
 protected:
  StopWithSlowHashes()
      : WithServer(Settings{"auth.argon2_memory_kib=65536", "auth.argon2_ops=16"}) {}
};

// Hashing for all of them would exceed the time of a stop, so it ends with the connections.
TEST_F(StopWithSlowHashes, HashesNothingForDisconnectedClients) {
  constexpr int kClients = 16;
  std::vector<RawClient> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back(port());
    clients.back().send({{"msgid", 1}, {"name", "nobody"}, {"password", "secret-1"}});
  }
  EXPECT_TRUE(eventually([&] {
    return occurrences(server.log(), "event=login_failed") > 0;  // the others wait
  }));
  server.send_sigterm();
  EXPECT_TRUE(eventually([&] { return !server.running(); }));
  EXPECT_EQ(server.wait_exit(), 0);
  EXPECT_LT(occurrences(server.log(), "event=login_failed"), kClients);
}

TEST_F(Stop, WithoutAnyConnectionExitsWithZero) {
  server.terminate();
}

TEST_F(Stop, CursorsOfReadMessagesAreKept) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  User carol = new_user("carol", Wire::kText, {{"ack", true}});
  const Account dave = register_account("dave");
  for (int i = 0; i < 10; ++i) {
    for (const std::int64_t to : {bob.id(), carol.id(), dave.id}) alice.chat(to, "x");
  }
  for (int i = 0; i < 10; ++i) bob.client.push(6);
  for (int i = 0; i < 10; ++i) carol.client.push(6);
  carol.client.send(delivered_request(alice.id(), 7));
  expect_alive(carol.client);
  server.terminate();
  EXPECT_EQ(server.storage().number(kWaiting), 3 + 10);
  EXPECT_EQ(server.storage().number("SELECT count(*) FROM offlinemessage WHERE userid = " +
                                    std::to_string(dave.id)),
            10);
  server.start();
  EXPECT_EQ(log_in(bob.account).welcome.at("offlinemsg").size(), 0U);
  EXPECT_EQ(log_in(carol.account).welcome.at("offlinemsg").size(), 3U);
  EXPECT_EQ(log_in(dave).welcome.at("offlinemsg").size(), 10U);
}

TEST_F(Stop, UnderTrafficEveryStoredMessageWasAcknowledged) {
  constexpr int kBusySenders = 6;
  constexpr std::size_t kUnanswered = 32;
  const Account bob = register_account("bob");
  std::vector<Account> accounts;
  for (int i = 0; i < kBusySenders; ++i) {
    accounts.push_back(register_account("sender " + std::to_string(i)));
  }
  std::atomic<int> answered = 0;
  std::mutex mutex;
  std::set<std::string> acked_texts;
  const auto send_until_bye = [&](int index) {
    User sender = log_in(accounts[static_cast<std::size_t>(index)],
                         index % 2 == 0 ? Wire::kText : Wire::kBinary);
    std::vector<Json> frames;
    std::size_t sent = 0;
    try {
      while (frames.empty() || frames.back().at("msgid") != 204) {
        for (; sent - frames.size() < kUnanswered; ++sent) {
          const std::string text = std::to_string(index) + ":" + std::to_string(sent);
          sender.client.send(chat_request(sender.account, bob.id, text, text));
        }
        frames.push_back(sender.client.receive());
        ++answered;
      }
    } catch (const ConnectionEnded&) {
      // A request may fail on the closed connection, but BYE still arrives.
    }
    for (Json& frame : sender.client.receive_to_end()) frames.push_back(std::move(frame));
    expect_bye_at_the_end(frames);
    const std::lock_guard lock(mutex);
    for (const Json& frame : frames) {
      if (frame.at("msgid") == 106 && frame.at("errno") == 0) {
        acked_texts.insert(frame.at("cid").get<std::string>());
      }
    }
  };
  std::thread senders([&] { run_in_parallel(kBusySenders, send_until_bye); });
  const bool flowing = wait_until([&] { return answered > 1000; });
  server.send_sigterm();
  const auto code = server.wait_exit();
  senders.join();
  EXPECT_TRUE(flowing);
  EXPECT_EQ(code, 0) << "exit code after SIGTERM";
  EXPECT_EQ(server.storage().number(kUsersOnline), 0);

  server.start();
  User again = log_in(bob);
  std::set<std::string> stored;
  for (const Json& message : collect_messages(again, acked_texts.size())) {
    EXPECT_TRUE(stored.insert(message.at("msg").get<std::string>()).second) << message;
  }
  EXPECT_EQ(stored, acked_texts) << "stored and not acknowledged, or the other way round";
  expect_no_push(again);
}

TEST_F(Stop, StuckReaderDoesNotDelayIt) {
  User alice = new_user("alice");
  User bob{register_account("bob"),
           RawClient(port(), RawClient::Options{Wire::kText, "127.0.0.1", 4096}),
           {}};
  request_ok(bob.client, login_request(bob.account));
  std::string text(4000, 'x');
  for (int i = 0; i < 400; ++i) alice.chat(bob.id(), text);
  server.terminate();
}

TEST_F(Stop, SecondServerOnTheSameStorageIsRefusedWithASentence) {
  User alice = new_user("alice");
  Settings settings = server.storage().settings();
  settings.push_back("log.file=");
  const auto second = run_to_end(chatserver_command(server.dir(), settings));
  EXPECT_NE(second.exit_code, 0);
  EXPECT_LT(second.exit_code, 128) << "it crashed";
  EXPECT_NE(second.errors.find("another server"), std::string::npos) << second.errors;
  EXPECT_EQ(second.output.find("ready"), std::string::npos);
  expect_alive(alice.client);
  alice.chat(alice.id(), "still here");
}

}  // namespace
}  // namespace chat::test

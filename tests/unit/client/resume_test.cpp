// The state that outlives a connection: unanswered chats, the token, the positions.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/core/client_session.h"
#include "client/core/received.h"
#include "client/core/reconnect_backoff.h"
#include "fake_server.h"

namespace chat::client {
namespace {

using namespace std::chrono_literals;
using test::FakeServer;
using test::json;
using test::Peer;

const json kResumeFields = {{"id", 1},
                            {"name", "alice"},
                            {"token", "the token"},
                            {"friends", json::array()},
                            {"groups", json::array()},
                            {"offlinemsg", json::array()}};

Credentials alice() {
  Credentials out;
  out.account.name = "alice";
  out.password = "password";
  return out;
}

event::Message message(std::int32_t from, Seq seq, std::int32_t group = 0) {
  event::Message out;
  out.from = UserId{from};
  out.group = GroupId{group};
  out.seq = seq;
  return out;
}

// A server that closes its first connection at the second chat, without answering it.
class Forgetful {
 public:
  Forgetful()
      : server_(std::make_unique<FakeServer>([this](Peer& peer) {
          peer.answer();  // HELLO
          logins_.push_back(*peer.next());
          peer.send(Peer::reply_to(logins_.back(), kResumeFields));
          const bool first = logins_.size() == 1;
          for (int i = 0; i < (first ? 2 : 100); ++i) {
            const auto chat = peer.next();
            if (!chat) return;
            chats_.push_back(*chat);
            if (!first || i == 0) peer.send(Peer::reply_to(*chat, {{"seq", i + 1}}));
          }
        })) {}

  std::uint16_t port() const { return server_->port(); }
  // Call before any check.
  void stop() { server_.reset(); }
  const std::vector<json>& logins() const { return logins_; }
  const std::vector<json>& chats() const { return chats_; }

 private:
  std::vector<json> logins_;
  std::vector<json> chats_;
  std::unique_ptr<FakeServer> server_;
};

TEST(Resume, LogsInByTokenAndResendsWithTheSameCid) {
  std::atomic<int> queued = 0;
  std::atomic<bool> lost = false;
  ClientSession session([&](const Event& event) {
    if (event.as<event::Queued>()) ++queued;
    if (event.as<event::Disconnected>()) lost = true;
  });
  Forgetful server;
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  EXPECT_FALSE(session.can_resume());
  ASSERT_TRUE(session.login(alice()).ok());
  for (const char* text : {"1", "2", "3"}) {
    ASSERT_TRUE(session.chat({UserId{2}, {}}, text).ok());
  }
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!lost && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  ASSERT_TRUE(lost);
  EXPECT_TRUE(session.can_resume());
  EXPECT_EQ(session.unanswered_chats(), 2U);
  EXPECT_TRUE(session.chat({UserId{2}, {}}, "4, typed without a connection").ok());
  EXPECT_GE(queued, 1);  // the connection may have been lost before the third was typed

  session.close();
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  ASSERT_TRUE(session.resume().ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  EXPECT_EQ(session.unanswered_chats(), 0U);
  session.close();
  server.stop();

  ASSERT_EQ(server.logins().size(), 2U);
  EXPECT_EQ(server.logins()[1].at("token"), "the token");
  EXPECT_FALSE(server.logins()[1].contains("password"));
  ASSERT_EQ(server.chats().size(), 5U);
  EXPECT_EQ(server.chats()[2], server.chats()[1]);
  EXPECT_EQ(server.chats()[3].at("msg"), "3");
  EXPECT_EQ(server.chats()[4].at("msg"), "4, typed without a connection");
}

TEST(Resume, AFullOutboxRefusesAndLosesNothing) {
  std::vector<std::string> sent;
  std::atomic<bool> lost = false;
  auto server = std::make_unique<FakeServer>([&](Peer& peer) {
    while (const auto request = peer.next()) {
      if ((*request)["msgid"] == 6) {
        if (!lost) return;
        sent.push_back((*request)["msg"]);
      }
      json fields = kResumeFields;
      fields["seq"] = 1;
      peer.send(Peer::reply_to(*request, fields));
    }
  });
  std::size_t sending = 0;
  std::vector<std::string> refusals;
  ClientSession session([&](const Event& event) {
    if (event.as<event::Sending>()) ++sending;
    if (const auto* usage = event.as<event::Usage>()) refusals.push_back(usage->text);
    if (event.as<event::Disconnected>()) lost = true;
  });
  ASSERT_TRUE(session.open("127.0.0.1", server->port()));
  ASSERT_TRUE(session.login(alice()).ok());
  ASSERT_TRUE(session.chat({UserId{2}, {}}, "0").ok());
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!lost && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  ASSERT_TRUE(lost);
  for (std::size_t i = 1; i < Outbox::kMax; ++i) {
    ASSERT_TRUE(session.chat({UserId{2}, {}}, std::to_string(i)).ok()) << i;
  }
  EXPECT_TRUE(refusals.empty());
  EXPECT_EQ(session.chat({UserId{2}, {}}, "one too many").status, Answer::Status::kNotSent);
  EXPECT_EQ(refusals,
            std::vector<std::string>{"not sent: too many messages are waiting to be sent"});
  EXPECT_EQ(sending, Outbox::kMax) << "the refused one is not shown as being sent";

  session.close();
  ASSERT_TRUE(session.open("127.0.0.1", server->port()));
  ASSERT_TRUE(session.resume().ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  EXPECT_TRUE(session.chat({UserId{2}, {}}, "there is room again").ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  session.close();
  server.reset();
  ASSERT_EQ(sent.size(), Outbox::kMax + 1);
  for (std::size_t i = 0; i < Outbox::kMax; ++i) EXPECT_EQ(sent[i], std::to_string(i));
  EXPECT_EQ(sent.back(), "there is room again");
}

TEST(Received, DropsRepeatsAndAcknowledgesThemAgain) {
  Received received;
  received.begin(UserId{1});
  EXPECT_TRUE(received.take(message(2, 1)));
  EXPECT_TRUE(received.take(message(2, 2)));
  EXPECT_TRUE(received.take(message(3, 1)));
  EXPECT_TRUE(received.take(message(2, 1, 9)));  // a group's stream, not the user's
  EXPECT_EQ(received.due().size(), 3U);
  EXPECT_TRUE(received.due().empty());
  EXPECT_FALSE(received.take(message(2, 1)));
  const auto due = received.due();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].first, (Target{UserId{2}, {}}));
  EXPECT_EQ(due[0].second, 2);
}

TEST(Received, AcknowledgesOnlyMessagesOfThisConnection) {
  Received received;
  received.begin(UserId{1});
  EXPECT_TRUE(received.take(message(2, 1)));
  EXPECT_TRUE(received.take(message(2, 7)));
  received.begin(UserId{1});
  EXPECT_TRUE(received.due().empty());
  for (const Seq pushed_again : {5, 6, 5}) EXPECT_FALSE(received.take(message(2, pushed_again)));
  const auto due = received.due();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].second, 6);
}

TEST(Received, AnotherUsersLoginResetsIt) {
  Received received;
  received.begin(UserId{1});
  EXPECT_TRUE(received.take(message(2, 5)));
  received.begin(UserId{1});
  EXPECT_FALSE(received.take(message(2, 5)));
  received.begin(UserId{7});
  EXPECT_TRUE(received.take(message(2, 5)));
}

TEST(ReconnectBackoff, DoublesUpTo30SecondsWithFullJitter) {
  std::vector<std::int64_t> asked;
  ReconnectBackoff backoff([&](std::int64_t most) {
    asked.push_back(most);
    return most;
  });
  for (int i = 0; i < 9; ++i) backoff.next();
  EXPECT_EQ(asked,
            (std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000}));
  backoff.reset();
  EXPECT_EQ(backoff.next(), 500ms);
}

}  // namespace
}  // namespace chat::client

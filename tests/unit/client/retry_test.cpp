// Chats that the server cannot accept now are resent automatically.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "client/core/client_session.h"
#include "client/terminal/printer/printer.h"
#include "fake_server.h"

namespace chat::client {
namespace {

using namespace std::chrono_literals;
using test::FakeServer;
using test::json;
using test::Peer;
using testing::ElementsAre;

const json kBusy = {{"errno", 31}, {"error", "busy"}, {"errmsg", "busy"}, {"retry_after_ms", 30}};
const Target kRetryTarget{UserId{2}, {}};

// Refuses chats by a script: one answer per attempt, after which it stores everything.
class Busy {
 public:
  explicit Busy(std::vector<json> refusals)
      : refusals_(std::move(refusals)),
        server_(std::make_unique<FakeServer>([this](Peer& peer) { serve(peer); })) {}

  std::uint16_t port() const { return server_->port(); }
  // Call before any check.
  void stop() { server_.reset(); }
  const std::vector<json>& tries() const { return tries_; }
  const std::vector<std::string>& stored() const { return stored_; }

 private:
  void serve(Peer& peer) {
    while (const auto request = peer.next()) {
      const int msgid = (*request)["msgid"];
      if (msgid != 6) {
        peer.send(Peer::reply_to(*request, {{"id", 1}, {"name", "alice"}, {"token", "t"}}));
        if (msgid == 3) logged_out_ = true;
        continue;
      }
      const std::size_t number = tries_.size();
      tries_.push_back(*request);
      if (number < refusals_.size() && !refusals_[number].is_null()) {
        peer.send(Peer::reply_to(*request, refusals_[number]));
        continue;
      }
      EXPECT_FALSE(logged_out_);
      stored_.push_back((*request)["msg"]);
      peer.send(Peer::reply_to(*request, {{"seq", stored_.size()}}));
    }
  }

  const std::vector<json> refusals_;
  std::vector<json> tries_;
  std::vector<std::string> stored_;
  bool logged_out_ = false;
  std::unique_ptr<FakeServer> server_;
};

// The shown events, as lines.
class Shown {
 public:
  void operator()(const Event& event) {
    base::MutexLock lock(mutex_);
    if (event.as<event::LoggedIn>() || event.as<event::Connected>()) return;
    if (event.as<event::Sending>()) return;
    lines_.push_back(to_line(event));
    changed_.notify_all();
  }
  std::vector<std::string> lines() {
    base::MutexLock lock(mutex_);
    return lines_;
  }
  // False after 5 s.
  bool wait_for_a_line() {
    const auto deadline = base::system_clock().now() + 5s;
    base::MutexLock lock(mutex_);
    while (lines_.empty()) {
      if (!changed_.wait_until(mutex_, deadline)) return false;
    }
    return true;
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<std::string> lines_ CHAT_GUARDED_BY(mutex_);
};

class Retry : public testing::Test {
 protected:
  void log_in(std::uint16_t port) {
    ASSERT_TRUE(session.open("127.0.0.1", port));
    Credentials alice;
    alice.account.name = "alice";
    alice.password = "password";
    ASSERT_TRUE(session.login(alice).ok());
  }

  Shown shown;
  ClientSession session{[this](const Event& event) { shown(event); }};
};

// Its limit may hold for a minute.
TEST_F(Retry, AMentionOfAllIsNotHeldByItsLimit) {
  const json too_many = {{"errno", 32},
                         {"error", "rate_limited"},
                         {"errmsg", "again in 60 s"},
                         {"retry_after_ms", 60'000}};
  Busy server(std::vector<json>{too_many});
  log_in(server.port());
  EXPECT_TRUE(session.chat(kRetryTarget, "@all", {.at_all = true}).ok());
  EXPECT_TRUE(session.chat(kRetryTarget, "later").ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  session.close();
  server.stop();
  EXPECT_THAT(server.stored(), ElementsAre("later"));
  EXPECT_THAT(shown.lines().front(), testing::HasSubstr("again in 60 s"));
}

TEST_F(Retry, BusyChatIsResentWithItsCidInOrder) {
  Busy server(std::vector<json>{kBusy, kBusy});
  log_in(server.port());
  for (const char* text : {"1", "2", "3"}) EXPECT_TRUE(session.chat(kRetryTarget, text).ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  EXPECT_EQ(session.unanswered_chats(), 0U);
  session.close();
  server.stop();
  EXPECT_THAT(server.stored(), ElementsAre("1", "2", "3"));
  ASSERT_EQ(server.tries().size(), 5U);
  EXPECT_EQ(server.tries()[1], server.tries()[0]);
  EXPECT_EQ(server.tries()[2], server.tries()[0]);
  EXPECT_THAT(shown.lines(), ElementsAre("held to=2 error=busy\n", "sent to=2 seq=1\n",
                                         "sent to=2 seq=2\n", "sent to=2 seq=3\n"));
}

TEST_F(Retry, UnavailableAndRateLimitedAreTransientToo) {
  json unavailable = kBusy;
  unavailable.update({{"errno", 32}, {"error", "unavailable"}});
  json limited = kBusy;
  limited.update({{"errno", 30}, {"error", "rate_limited"}});
  Busy server(std::vector<json>{unavailable, nullptr, limited});
  log_in(server.port());
  EXPECT_TRUE(session.chat(kRetryTarget, "1").ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  EXPECT_TRUE(session.chat(kRetryTarget, "2").ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  EXPECT_THAT(shown.lines(), ElementsAre("held to=2 error=unavailable\n", "sent to=2 seq=1\n",
                                         "held to=2 error=rate_limited\n", "sent to=2 seq=2\n"));
}

TEST_F(Retry, OtherErrorsAreFinal) {
  const json refused = {{"errno", 23}, {"error", "not_found"}, {"errmsg", "no such user"}};
  Busy server(std::vector<json>{refused});
  log_in(server.port());
  EXPECT_TRUE(session.chat(kRetryTarget, "1").ok());
  EXPECT_TRUE(session.chat(kRetryTarget, "2").ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  session.close();
  server.stop();
  EXPECT_THAT(server.stored(), ElementsAre("2"));
  EXPECT_THAT(
      shown.lines(),
      ElementsAre("error command=chat errno=23 error=not_found errmsg=\"no such user\" to=2\n",
                  "sent to=2 seq=1\n"));
}

TEST_F(Retry, LogoutWaitsForHeldChats) {
  Busy server(std::vector<json>{kBusy, kBusy});
  log_in(server.port());
  EXPECT_TRUE(session.chat(kRetryTarget, "before").ok());
  EXPECT_TRUE(session.logout().ok());
  session.close();
  server.stop();
  EXPECT_THAT(server.stored(), ElementsAre("before"));
}

// The first chat is answered too late, between the LOGOUT and its answer.
TEST_F(Retry, NothingFollowsTheLogout) {
  std::vector<int> after;
  auto server = std::make_unique<FakeServer>([&](Peer& peer) {
    peer.answer();
    peer.answer({{"id", 1}, {"name", "alice"}});
    const auto chat = peer.next();
    const auto logout = peer.next();
    if (!chat || !logout) return;
    peer.send(Peer::reply_to(*chat, {{"seq", 1}}));
    peer.send(Peer::reply_to(*logout));
    while (const auto more = peer.next()) after.push_back((*more)["msgid"]);
  });
  ClientSession impatient([](const Event&) {}, std::chrono::milliseconds(200));
  ASSERT_TRUE(impatient.open("127.0.0.1", server->port()));
  Credentials alice;
  alice.account.name = "alice";
  alice.password = "password";
  ASSERT_TRUE(impatient.login(alice).ok());
  for (const char* text : {"1", "2", "3"}) EXPECT_TRUE(impatient.chat(kRetryTarget, text).ok());
  EXPECT_TRUE(impatient.logout().ok());
  impatient.close();
  server.reset();
  EXPECT_THAT(after, testing::IsEmpty());
}

TEST_F(Retry, HeldChatsSurviveALostConnection) {
  json later = kBusy;
  later["retry_after_ms"] = 20'000;
  Busy server(std::vector<json>{later});
  log_in(server.port());
  EXPECT_TRUE(session.chat(kRetryTarget, "1").ok());
  ASSERT_TRUE(shown.wait_for_a_line());
  session.close();
  EXPECT_EQ(session.unanswered_chats(), 1U);
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  ASSERT_TRUE(session.resume().ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  session.close();
  server.stop();
  EXPECT_THAT(server.stored(), ElementsAre("1"));
  ASSERT_EQ(server.tries().size(), 2U);
  EXPECT_EQ(server.tries()[1], server.tries()[0]);
}

}  // namespace
}  // namespace chat::client

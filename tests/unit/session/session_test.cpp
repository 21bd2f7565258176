#include "chat/session/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "support/deadline.h"
#include "support/session_rig.h"

namespace chat::session {
namespace {

using test::SessionRig;
using test::wait_until;

std::string request(int msgid) {
  return "{\"msgid\":" + std::to_string(msgid) + "}\n";
}

std::string answer(int msgid) {
  return "{\"answer\":" + std::to_string(msgid) + "}";
}

void answer_everything(SessionRig& rig) {
  rig.handler.on_request = [](Session& session, const protocol::Request& asked) {
    session.reply(answer(asked.msgid));
  };
}

TEST(Session, AnswersInOrder) {
  SessionRig rig;
  answer_everything(rig);
  auto pair = rig.connect();
  std::string all;
  for (int i = 1; i <= 300; ++i) all += request(i);
  pair.peer->send(all);
  for (int i = 1; i <= 300; ++i) ASSERT_EQ(pair.peer->line(), answer(i));
}

TEST(Session, AnswersRequestsBeforeTheEndOfInput) {
  SessionRig rig;
  answer_everything(rig);
  auto pair = rig.connect();
  pair.peer->send(request(1) + request(2));
  pair.peer->finish();
  EXPECT_EQ(pair.peer->line(), answer(1));
  EXPECT_EQ(pair.peer->line(), answer(2));
  EXPECT_TRUE(pair.peer->at_end());
  EXPECT_TRUE(wait_until([&] { return rig.handler.ends == 1; }));
}

// The debt for the first answer alone takes seconds to pay. A client that has hung up is answered
// at once.
TEST(Session, ClientInDebtForRepliesWaitsUnlessItHangsUp) {
  SessionRig rig(1, 1, {.bytes_per_second = 1000});
  std::atomic<int> handled{0};
  rig.handler.on_request = [&](Session& session, const protocol::Request&) {
    rig.in_loop([] {});  // now the answer before this one is counted
    session.reply(std::string(64 * 1024, 'x'));
    ++handled;
  };
  auto pair = rig.connect();
  rig.in_loop([&] { pair.session->socket().logged_in(false); });
  std::string all;
  for (int i = 0; i < 5; ++i) all += request(static_cast<int>(protocol::Msgid::kHistory));
  pair.peer->send(all);
  EXPECT_TRUE(pair.peer->line());
  for (int turn = 0; turn < 10; ++turn) {
    std::promise<void> done;
    ASSERT_TRUE(rig.workers().try_post([&] { done.set_value(); }));
    done.get_future().wait();
  }
  EXPECT_LE(handled, 2);
  pair.peer->finish();
  for (int i = 1; i < 5; ++i) EXPECT_TRUE(pair.peer->line()) << i;
  EXPECT_TRUE(pair.peer->at_end());
}

// An unterminated login looks classic until its line end arrives.
TEST(Session, PushesStayInOrderWhenAPresumedClassicClientSendsItsLineEnd) {
  SessionRig rig;
  auto [session, peer] = rig.connect();
  const auto push = [&rig, &session = session](int number) {
    rig.in_loop([&] {
      session->socket().send(R"({"msgid":6,"id":2,"name":"bob","toid":1,"msg":"text )" +
                             std::to_string(number) + R"(","time":"2026-01-02 03:04:05"})");
    });
  };
  peer->send(R"({"msgid":1,"id":1,"password":"secret"})");
  ASSERT_TRUE(wait_until([&session = session] { return session->classic(); }));
  for (const int number : {1, 2, 3}) push(number);
  peer->send("\n");
  ASSERT_TRUE(wait_until([&session = session] { return !session->classic(); }));
  push(4);
  const auto line = peer->line();  // what was sent to a classic client contains no line ends
  ASSERT_TRUE(line);
  std::size_t last = 0;
  for (const int number : {1, 2, 3, 4}) {
    const auto found = line->find("text " + std::to_string(number));
    ASSERT_NE(found, std::string::npos) << number;
    EXPECT_GT(found, last);
    last = found;
  }
}

TEST(Session, EndOfInputWaitsForPendingCommits) {
  SessionRig rig;
  rig.handler.on_request = [](Session& session, const protocol::Request&) {
    session.commit_begun();
  };
  auto pair = rig.connect();
  pair.peer->send(request(1));
  pair.peer->finish();
  ASSERT_TRUE(wait_until([&] { return pair.session->ending(); }));
  rig.in_loop([&] { pair.session->socket().send(answer(1)); });
  pair.session->commit_ended();
  EXPECT_EQ(pair.peer->line(), answer(1));
  EXPECT_TRUE(pair.peer->at_end());
}

TEST(Session, ThrowingHandlerIsAnsweredInternalAndTheSessionSurvives) {
  SessionRig rig;
  rig.handler.on_request = [](Session& session, const protocol::Request& asked) {
    if (asked.msgid == 1) throw std::runtime_error("broken");
    session.reply(answer(asked.msgid));
  };
  auto pair = rig.connect();
  pair.peer->send(request(1) + request(2));
  const auto refused = pair.peer->line();
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->find("\"errno\":39"), std::string::npos) << *refused;
  EXPECT_EQ(pair.peer->line(), answer(2));
}

TEST(Session, FarewellFollowsTheAnswers) {
  SessionRig rig;
  std::promise<void> may_go;
  rig.handler.on_request = [&, go = may_go.get_future().share()](Session& session,
                                                                 const protocol::Request& asked) {
    go.wait();
    session.reply(answer(asked.msgid));
  };
  auto pair = rig.connect();
  pair.peer->send(request(1) + request(2));
  pair.session->say_farewell("server_stopping", std::chrono::milliseconds(700));
  EXPECT_TRUE(pair.session->ending());
  may_go.set_value();
  for (auto line = pair.peer->line(); line != std::nullopt; line = pair.peer->line()) {
    if (line->find("server_stopping") == std::string::npos) continue;
    EXPECT_NE(line->find("\"reconnect_after_ms\":700"), std::string::npos) << *line;
    EXPECT_TRUE(pair.peer->at_end());
    EXPECT_GE(rig.handler.ends, 1);
    return;
  }
  FAIL() << "no farewell";
}

// While the end of the conversation waits for a worker, another login takes over. The logged-in
// user must still be released, or that never happens.
TEST(Session, EvictionReplacingTheEndOfInputStillEndsTheSession) {
  SessionRig rig(1, 1);
  auto pair = rig.connect();
  std::promise<void> entered;
  std::promise<void> may_go;
  rig.in_loop([&] {
    // Nothing reaches the connection while the loop is held here: it closes afterwards.
    static_cast<net::ConnectionHandler&>(pair.session->socket()).on_input_end();
    EXPECT_TRUE(wait_until([&] { return pair.session->ending(); }));
    EXPECT_TRUE(rig.workers().try_post([&] {
      entered.set_value();
      may_go.get_future().wait();
    }));
    entered.get_future().wait();  // the end of input was handled before
  });
  pair.peer->close();
  ASSERT_TRUE(
      wait_until([&] { return rig.in_loop([&] { return pair.session->socket().closed(); }); }));
  ASSERT_EQ(rig.handler.ends, 0);
  pair.session->evict("taken_over");
  may_go.set_value();
  EXPECT_TRUE(wait_until([&] { return rig.handler.ends == 1; }));
}

// As in a process that was stopped in the middle of a round: the loop's time is long past, but an
// evicted client must still get its BYE.
TEST(Session, EvictionCountsItsPatienceFromNow) {
  constexpr std::chrono::milliseconds kStopped{2500};  // more than an eviction may take
  SessionRig rig(1, 1);
  auto pair = rig.connect();
  std::promise<void> worker_may_go;
  ASSERT_TRUE(rig.workers().try_post([&] { worker_may_go.get_future().wait(); }));
  std::promise<void> posted;
  rig.loops().post(0, [&] { posted.get_future().wait(); });
  rig.loops().post(0, [until = std::chrono::steady_clock::now() + kStopped] {
    EXPECT_TRUE(wait_until([until] { return std::chrono::steady_clock::now() > until; }));
  });
  pair.session->evict("taken_over");
  posted.set_value();
  rig.in_loop([] {});
  rig.in_loop([] {});  // what was due has happened
  worker_may_go.set_value();
  const auto bye = pair.peer->line();
  ASSERT_TRUE(bye) << "closed without BYE";
  EXPECT_NE(bye->find("taken_over"), std::string::npos) << *bye;
}

TEST(Session, StopsReadingAboveTheOutputMarkUntilOutputDrains) {
  SessionRig rig;
  const std::string big(64 * 1024, 'x');
  std::atomic<int> handled{0};
  rig.handler.on_request = [&](Session& session, const protocol::Request&) {
    ++handled;
    session.reply("\"" + big + "\"");
    session.flush_replies();
  };
  auto pair = rig.connect();
  std::string all;
  for (int i = 1; i <= 100; ++i) all += request(i);
  pair.peer->send(all);
  // How much is queued depends on the kernel's buffers; this many answers fit in any case.
  ASSERT_TRUE(wait_until([&] { return handled >= 4; }));
  rig.in_loop([] {});
  // The high mark, one answer, and what the kernel buffers.
  EXPECT_LT(handled, 50);
  for (int i = 1; i <= 100; ++i) {
    const auto line = pair.peer->line();
    ASSERT_TRUE(line) << i;
    ASSERT_EQ(line->size(), big.size() + 2);
  }
  EXPECT_EQ(handled, 100);
}

TEST(Session, TooLongFrameIsReportedOnceAndEndsTheConversation) {
  SessionRig rig;
  auto pair = rig.connect();
  pair.peer->send("{\"msgid\":1,\"x\":\"" + std::string(8000, 'x'));
  const auto refused = pair.peer->line();
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->find("\"errno\":13"), std::string::npos) << *refused;
  const auto bye = pair.peer->line();
  ASSERT_TRUE(bye);
  EXPECT_NE(bye->find("\"msgid\":204"), std::string::npos) << *bye;
  EXPECT_TRUE(pair.peer->at_end());
}

TEST(Session, SilentClientIsCheckedAfterAMinute) {
  SessionRig rig;
  const auto before = base::system_clock().now();
  auto pair = rig.connect();
  const auto deadline = rig.in_loop([&] { return rig.deadline_of(*pair.session); });
  ASSERT_TRUE(deadline);
  EXPECT_LE(*deadline, base::system_clock().now() + std::chrono::seconds(60));
  EXPECT_GE(*deadline, before);
}

// There is room for two clients that have sent nothing.
TEST(Session, SilentClientIsClosedOnlyIfThereAreTooMany) {
  SessionOptions options;
  options.patience.first_byte = std::chrono::hours(1);
  options.patience.silent_look = std::chrono::milliseconds(50);
  SessionRig rig(1, 2, options, 0, 2);
  answer_everything(rig);
  auto talking = rig.connect();
  talking.peer->send(request(21));
  EXPECT_TRUE(talking.peer->line());
  std::vector<SessionRig::Pair> silent;
  const auto ended = [](const SessionRig::Pair& pair) { return pair.session->ending(); };
  const auto count = [&] { return std::count_if(silent.begin(), silent.end(), ended); };
  for (int i = 0; i < 4; ++i) silent.push_back(rig.connect());
  EXPECT_TRUE(wait_until([&] { return count() == 2; }));
  silent.push_back(rig.connect());
  EXPECT_TRUE(wait_until([&] { return count() == 3; }));
  EXPECT_FALSE(ended(talking));
}

// 512 bytes each; one address may send 16 KiB a second in all, and twice that in a burst.
TEST(Session, ClientsWithoutALoginShareTheRateOfTheirAddress) {
  constexpr int kClients = 100;
  SessionOptions options;
  options.bytes_per_second = 1024;
  SessionRig rig(1, 2, options);
  std::atomic<int> handled{0};
  rig.handler.on_request = [&](Session& session, const protocol::Request&) {
    if (session.peer().host() == "192.0.2.1") ++handled;
    session.reply("{}");
  };
  const auto begin = base::system_clock().now();
  std::vector<SessionRig::Pair> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(rig.connect(0, "192.0.2.1:" + std::to_string(1000 + i)));
    clients.back().peer->send(request(21));
  }
  EXPECT_TRUE(wait_until([&] { return handled >= 60; }));
  for (const char* other : {"192.0.2.2:7", "127.0.0.1:7"}) {
    auto pair = rig.connect(0, other);
    pair.peer->send(request(21));
    EXPECT_EQ(pair.peer->line(), "{}");
  }
  for (auto& client : clients) EXPECT_EQ(client.peer->line(), "{}");
  constexpr auto kLeast = std::chrono::milliseconds((kClients * 512 - 32 * 1024) * 1000 / 16384);
  EXPECT_GE(base::system_clock().now() - begin, kLeast);
}

TEST(Session, StalledOutputClosesTheConnection) {
  SessionOptions options;
  options.patience.output_stall = std::chrono::milliseconds(50);
  SessionRig rig(1, 2, options);
  auto pair = rig.connect();
  const std::string big(1024 * 1024, 'x');
  rig.in_loop([&] { pair.session->socket().send(big); });
  EXPECT_TRUE(
      wait_until([&] { return rig.in_loop([&] { return pair.session->socket().closed(); }); }));
  EXPECT_TRUE(wait_until([&] { return rig.handler.ends == 1; }));
}

// There is room for one client with much unread output.
class SlowSessions : public ::testing::Test {
 protected:
  using Pair = SessionRig::Pair;

  SlowSessions() {
    rig.handler.on_request = [](Session& session, const protocol::Request& asked) {
      session.reply(std::string(static_cast<std::size_t>(asked.msgid) * 1024, 'x'));
    };
  }

  // Requests an answer of `kib` KiB.
  void ask(Pair& pair, int kib) { pair.peer->send(request(kib)); }
  bool closed(Pair& pair) {
    return rig.in_loop([&] { return pair.session->socket().closed(); });
  }
  void wait(std::chrono::milliseconds time) {
    auto told = std::make_shared<std::promise<void>>();
    auto over = told->get_future();
    quick.session->post_to_loop([told] { told->set_value(); }, time);
    over.wait();
  }
  // Long enough for every slow client to be closed.
  void several_looks() { wait(3 * kLook); }

  static constexpr std::chrono::milliseconds kLook{200};
  static constexpr int kMuch = 1024;
  SessionRig rig{1, 2, {.slow_look = kLook}, 1};
  Pair quick = rig.connect();
  Pair slow = rig.connect();
};

TEST_F(SlowSessions, StayWhileThereAreFew) {
  ask(slow, kMuch);
  several_looks();
  EXPECT_FALSE(closed(slow));
  EXPECT_TRUE(slow.peer->line());
}

TEST_F(SlowSessions, EndWhileThereAreTooMany) {
  Pair another = rig.connect();
  ask(slow, kMuch);
  ask(another, kMuch);
  EXPECT_TRUE(wait_until([&] { return closed(slow) || closed(another); }));
  several_looks();
  EXPECT_NE(closed(slow), closed(another));
  EXPECT_FALSE(closed(quick));
}

TEST_F(SlowSessions, MakeRoomByReadingAndByHangingUp) {
  Pair third = rig.connect();
  ask(third, kMuch);
  ASSERT_TRUE(third.peer->line());
  ask(third, kMuch);
  third.peer.reset();
  ASSERT_TRUE(wait_until([&] { return closed(third); }));
  ask(quick, kMuch);
  ASSERT_TRUE(quick.peer->line());
  ask(slow, kMuch);
  several_looks();
  EXPECT_FALSE(closed(slow));
}

TEST_F(SlowSessions, StayIfTheyReadEnough) {
  ask(quick, 8 * kMuch);
  EXPECT_TRUE(quick.peer->skip(1024));
  ask(slow, kMuch);
  while (!closed(slow)) {
    ASSERT_TRUE(quick.peer->skip(2 * kOutputLowBytes));
    wait(kLook / 4);
  }
  EXPECT_FALSE(closed(quick));
}

}  // namespace
}  // namespace chat::session

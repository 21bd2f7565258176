#include "client/core/client_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/inbox_messages.h"
#include "fake_server.h"

namespace chat::client {
namespace {

using namespace std::chrono_literals;
using test::FakeServer;
using test::json;
using test::Peer;

const json kLoginFields = {{"id", 1},
                           {"name", "alice"},
                           {"token", "secret"},
                           {"friends", {{{"id", 2}, {"name", "bob"}, {"state", "offline"}}}},
                           {"groups", json::array()},
                           {"offlinemsg", json::array()}};

json chat_push(int from, int seq, const std::string& text, const std::string& cid = "c1") {
  return {{"msgid", 6},          {"id", from},  {"name", "bob"},
          {"toid", 1},           {"msg", text}, {"time", "2024-05-01 10:00:00"},
          {"ts", 1714550400000}, {"seq", seq},  {"cid", cid}};
}

// The events received, in order. Thread-safe.
class Events {
 public:
  ClientSession::Handler handler() {
    return [this](const Event& event) {
      base::MutexLock lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
  }

  template <typename T>
  std::vector<T> all() {
    base::MutexLock lock(mutex_);
    return all_locked<T>();
  }

  // Waits until there are `count` of the kind; fewer when 5 s were not enough.
  template <typename T>
  std::vector<T> wait_for(std::size_t count = 1) {
    const auto deadline = base::system_clock().now() + 5s;
    base::MutexLock lock(mutex_);
    while (all_locked<T>().size() < count && changed_.wait_until(mutex_, deadline)) {
    }
    return all_locked<T>();
  }

  std::vector<std::size_t> kinds() {
    base::MutexLock lock(mutex_);
    std::vector<std::size_t> out;
    for (const Event& each : events_) out.push_back(each.what.index());
    return out;
  }

 private:
  template <typename T>
  std::vector<T> all_locked() CHAT_REQUIRES(mutex_) {
    std::vector<T> out;
    for (const Event& each : events_) {
      if (const T* what = each.as<T>()) out.push_back(*what);
    }
    return out;
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<Event> events_ CHAT_GUARDED_BY(mutex_);
};

std::size_t kind_of(Event::What what) {
  return what.index();
}

Credentials credentials(const std::string& name, const std::string& password,
                        bool takeover = false) {
  Credentials out;
  out.account.name = name;
  out.password = password;
  out.takeover = takeover;
  return out;
}

Credentials credentials(UserId id, const std::string& password) {
  Credentials out;
  out.account.id = id;
  out.password = password;
  return out;
}

const Credentials kAlice = credentials("alice", "password");

TEST(ClientSession, LogsInAndOutAnyNumberOfTimesOnOneConnection) {
  FakeServer server([](Peer& peer) {
    peer.answer();  // HELLO
    while (peer.answer(kLoginFields) && peer.answer()) {
    }
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(session.login(kAlice).ok()) << i;
    EXPECT_EQ(session.self(), UserId{1});
    ASSERT_TRUE(session.logout().ok()) << i;
    EXPECT_FALSE(session.logged_in());
  }
  EXPECT_EQ(events.all<event::LoggedIn>().size(), 10u);
  EXPECT_EQ(events.all<event::LoggedOut>().size(), 10u);
}

TEST(ClientSession, ConnectsAgainAfterClose) {
  FakeServer server([](Peer& peer) {
    while (peer.answer(kLoginFields)) {
    }
  });
  ClientSession session([](const Event&) {});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(session.open("127.0.0.1", server.port())) << i;
    EXPECT_TRUE(session.login(kAlice).ok()) << i;
    session.close();
    EXPECT_FALSE(session.connected());
    EXPECT_EQ(session.login(kAlice).status, Answer::Status::kDisconnected);
  }
}

TEST(ClientSession, SendsRequestsAsSpecified) {
  std::vector<json> requests;
  auto server = std::make_unique<FakeServer>([&](Peer& peer) {
    while (auto request = peer.next()) {
      requests.push_back(*request);
      peer.send(Peer::reply_to(*request, kLoginFields));
    }
  });
  ClientSession session([](const Event&) {});
  ASSERT_TRUE(session.open("127.0.0.1", server->port()));
  session.login(credentials("alice", "p\"w", true));
  session.login(credentials(UserId{7}, "pw"));
  session.close();
  server.reset();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0]["msgid"], 20);
  const json by_name = {{"msgid", 1},         {"cid", requests[1]["cid"]}, {"name", "alice"},
                        {"password", "p\"w"}, {"takeover", true},          {"ack", true},
                        {"heartbeat", true}};
  EXPECT_EQ(requests[1], by_name);
  const json by_id = {{"msgid", 1},  {"cid", requests[2]["cid"]}, {"id", 7}, {"password", "pw"},
                      {"ack", true}, {"heartbeat", true}};
  EXPECT_EQ(requests[2], by_id);
  EXPECT_NE(requests[1]["cid"], requests[2]["cid"]);
}

TEST(ClientSession, CidsAreUniqueAcrossSessions) {
  std::set<std::string> cids;
  std::size_t requests = 0;
  auto server = std::make_unique<FakeServer>([&](Peer& peer) {
    while (auto request = peer.next()) {
      const std::string cid = (*request)["cid"];
      EXPECT_LE(cid.size(), protocol::kCidMaxBytes);
      cids.insert(cid);
      ++requests;
      peer.send(Peer::reply_to(*request));
    }
  });
  for (int i = 0; i < 3; ++i) {
    ClientSession session([](const Event&) {});
    ASSERT_TRUE(session.open("127.0.0.1", server->port()));
    EXPECT_TRUE(session.ping().ok());
  }
  server.reset();
  EXPECT_EQ(requests, 6u);
  EXPECT_EQ(cids.size(), requests);
}

TEST(ClientSession, RefusedLoginIsAnAnswer) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.answer({{"errno", 2}, {"error", "already_online"}, {"errmsg", "logged in elsewhere"}});
    peer.next();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  const Answer answer = session.login(kAlice);
  EXPECT_EQ(answer.status, Answer::Status::kRefused);
  ASSERT_NE(answer.event.as<event::Refused>(), nullptr);
  EXPECT_EQ(answer.event.as<event::Refused>()->code, 2);
  EXPECT_EQ(answer.event.as<event::Refused>()->command, "login");
  EXPECT_FALSE(session.logged_in());
}

TEST(ClientSession, RepliesOutOfOrderReachTheirRequests) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.answer(kLoginFields);
    std::vector<json> chats;
    json ping;
    for (int i = 0; i < 4; ++i) {
      const json request = *peer.next();
      (request["msgid"] == 21 ? ping : chats.emplace_back()) = request;
    }
    peer.send(Peer::reply_to(ping));
    for (std::size_t i = chats.size(); i-- > 0;) {
      peer.send(Peer::reply_to(chats[i], {{"seq", i + 1}}));
    }
    peer.next();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  ASSERT_TRUE(session.login(kAlice).ok());
  for (int to = 11; to <= 13; ++to) ASSERT_TRUE(session.chat({UserId{to}, {}}, "hi").ok());
  EXPECT_TRUE(session.ping().ok());
  EXPECT_TRUE(session.wait_for_chats(5s));
  const auto sent = events.wait_for<event::Sent>(3);
  ASSERT_EQ(sent.size(), 3u);
  for (const auto& each : sent) EXPECT_EQ(each.target.user.value, each.seq + 10);
}

TEST(ClientSession, ShowsTheLoginBeforeThePushesThatFollowIt) {
  for (int round = 0; round < 20; ++round) {
    FakeServer server([](Peer& peer) {
      peer.answer();
      const auto login = peer.next();
      // One write: the client gets all of it in one read.
      peer.send_raw(Peer::frame(Peer::reply_to(*login, kLoginFields)) +
                    Peer::frame(chat_push(2, 1, "first")) +
                    Peer::frame({{"msgid", 200}, {"id", 2}, {"state", "online"}}));
      peer.next();
    });
    Events events;
    ClientSession session(events.handler());
    ASSERT_TRUE(session.open("127.0.0.1", server.port()));
    ASSERT_TRUE(session.login(kAlice).ok());
    events.wait_for<event::Presence>();
    const std::vector<std::size_t> expected = {
        kind_of(event::Connected{}), kind_of(event::LoggedIn{}), kind_of(event::Message{}),
        kind_of(event::Presence{})};
    EXPECT_EQ(events.kinds(), expected);
  }
}

TEST(ClientSession, APushWithACidLikeOursIsNoReply) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.answer(kLoginFields);
    const auto chat = peer.next();
    peer.send(chat_push(2, 9, "yours", (*chat)["cid"]));
    peer.send(Peer::reply_to(*chat, {{"seq", 1}}));
    peer.next();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  ASSERT_TRUE(session.login(kAlice).ok());
  ASSERT_TRUE(session.chat({UserId{2}, {}}, "mine").ok());
  ASSERT_EQ(events.wait_for<event::Sent>().size(), 1u);
  EXPECT_EQ(events.all<event::Sent>()[0].seq, 1);
  ASSERT_EQ(events.all<event::Message>().size(), 1u);
  EXPECT_EQ(events.all<event::Message>()[0].text, "yours");
}

TEST(ClientSession, TimedOutRequestIsNamedAsTyped) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.next();
    peer.next();
  });
  Events events;
  ClientSession session(events.handler(), 200ms);
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  session.request(protocol::messages::Inbox{}, {.command = "inbox"});
  const auto late = events.all<event::TimedOut>();
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].command, "inbox");
}

TEST(ClientSession, AServerThatDoesNotAnswerAPingIsLost) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    while (peer.next()) {
    }
  });
  Events events;
  ClientSession session(events.handler(), 200ms);
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  EXPECT_EQ(session.ping().status, Answer::Status::kTimedOut);
  EXPECT_FALSE(session.connected());
  EXPECT_TRUE(events.all<event::TimedOut>().empty());
  const auto lost = events.all<event::Disconnected>();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].reason, "the server does not answer");
}

TEST(ClientSession, LateAnswerIsNotTakenForTheNextRequest) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    const auto first = peer.next();
    const auto second = peer.next();  // sent after the first one has timed out
    peer.send(Peer::reply_to(*first, {{"errno", 1}, {"error", "failed"}}));
    peer.send(Peer::reply_to(*second, kLoginFields));
    peer.next();
  });
  Events events;
  ClientSession session(events.handler(), 200ms);
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  EXPECT_EQ(session.login(kAlice).status, Answer::Status::kTimedOut);
  EXPECT_EQ(events.all<event::TimedOut>().size(), 1u);
  EXPECT_TRUE(session.login(kAlice).ok());
  EXPECT_EQ(events.all<event::Refused>().size(), 1u);
}

TEST(ClientSession, EndOfTheConnectionReleasesWaitingCalls) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.next();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  EXPECT_EQ(session.login(kAlice).status, Answer::Status::kDisconnected);
  EXPECT_EQ(events.all<event::Disconnected>().size(), 1u);
  EXPECT_FALSE(session.connected());
  EXPECT_EQ(session.login(kAlice).status, Answer::Status::kDisconnected);
}

TEST(ClientSession, AFrameCutAnywhereIsALostConnection) {
  const std::string whole = Peer::frame({{"msgid", 200}, {"id", 2}, {"state", "online"}});
  for (std::size_t length = 1; length < whole.size(); ++length) {
    FakeServer server([&](Peer& peer) {
      peer.answer();
      peer.send_raw(whole.substr(0, length));
    });
    Events events;
    ClientSession session(events.handler());
    ASSERT_TRUE(session.open("127.0.0.1", server.port()));
    const auto lost = events.wait_for<event::Disconnected>();
    ASSERT_EQ(lost.size(), 1u) << length;
    EXPECT_THAT(lost[0].reason, testing::HasSubstr("middle")) << length;
  }
}

TEST(ClientSession, AResetIsALostConnection) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.next();
    peer.reset();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  EXPECT_EQ(session.ping().status, Answer::Status::kDisconnected);
  EXPECT_EQ(events.all<event::Disconnected>().size(), 1u);
}

TEST(ClientSession, TakesFramesByteByByte) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    const std::string login = Peer::frame(Peer::reply_to(*peer.next(), kLoginFields));
    for (const char each : login) peer.send_raw({&each, 1});
    peer.next();
  });
  ClientSession session([](const Event&) {});
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  EXPECT_TRUE(session.login(kAlice).ok());
}

TEST(ClientSession, ProtocolViolationIsAFault) {
  std::string deep = R"({"msgid":250,"x":)" + std::string(60, '[') + std::string(60, ']') + "}";
  const std::vector<std::string> faults = {
      "[]",
      "7",
      "{",
      "",
      "{}",
      R"({"msgid":"6"})",
      R"({"msgid":6.5})",
      R"({"msgid":4294967302})",
      R"({"msgid":6,"id":2,"name":"bob","toid":1,"time":""})",
      R"({"msgid":6,"id":4294967298,"name":"b","toid":1,"time":"","msg":"x"})",
      R"({"msgid":200,"id":true,"state":"online"})",
      R"({"msgid":200,"id":2,"state":7})",
      "{\"msgid\":250,\"x\":\"\xff\"}",
      R"({"msgid":250,"x":NaN})",
      deep};
  for (const std::string& fault : faults) {
    FakeServer server([&](Peer& peer) {
      peer.answer();
      std::string bytes;
      protocol::append_frame(bytes, protocol::Framing::kBinary, fault);
      peer.send_raw(bytes);
      peer.next();
    });
    Events events;
    ClientSession session(events.handler());
    ASSERT_TRUE(session.open("127.0.0.1", server.port()));
    EXPECT_EQ(events.wait_for<event::Fault>().size(), 1u) << fault;
    EXPECT_FALSE(session.ping().ok());
  }
}

TEST(ClientSession, AFrameOverTheLimitIsAFault) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.send_raw(std::string_view("\x00\xff\xff\xff", 4));
    peer.next();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  EXPECT_EQ(events.wait_for<event::Fault>().size(), 1u);
}

TEST(ClientSession, UnknownPushesAreShownInAGeneralForm) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.send({{"msgid", 250}, {"some", "thing"}});
    peer.send({{"msgid", 203}, {"kind", "read"}, {"id", 3}, {"seq", 4}});
    peer.send({{"msgid", 106}, {"errno", 0}, {"seq", 1}, {"cid", "stranger"}});
    peer.next();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  const auto notices = events.wait_for<event::Notice>(2);
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[0].kind, "push");
  EXPECT_EQ(notices[1].kind, "push");
  const auto receipts = events.wait_for<event::Receipt>();
  ASSERT_EQ(receipts.size(), 1u);
  EXPECT_EQ(receipts[0].kind, "read");
  EXPECT_EQ(receipts[0].id, UserId{3});
  EXPECT_EQ(receipts[0].seq, 4);
  EXPECT_TRUE(session.connected());
}

TEST(ClientSession, DoesNotSendOversizedFrames) {
  FakeServer server([](Peer& peer) {
    while (peer.answer()) {
    }
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  EXPECT_EQ(session.register_user(std::string(5000, 'x'), "password", "").status,
            Answer::Status::kNotSent);
  EXPECT_EQ(events.all<event::Usage>().size(), 1u);
  EXPECT_TRUE(session.ping().ok());
}

TEST(ClientSession, OpenFailsWhenTheServerIsSilent) {
  FakeServer server([](Peer& peer) {
    while (peer.next()) {
    }
  });
  Events events;
  ClientSession session(events.handler(), 100ms);
  const auto opened = session.open("127.0.0.1", server.port());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kTimeout);
  EXPECT_TRUE(events.kinds().empty());
}

TEST(ClientSession, OpenFailsWhenSomethingElseAnswers) {
  FakeServer server([](Peer& peer) {
    peer.send_raw("SSH-2.0-OpenSSH\r\n");
    peer.next();
  });
  ClientSession session([](const Event&) {});
  const auto opened = session.open("127.0.0.1", server.port());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInternal);
}

TEST(ClientSession, OpenFailsWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    FakeServer server([](Peer&) {});
    port = server.port();
  }
  ClientSession session([](const Event&) {});
  const auto opened = session.open("127.0.0.1", port);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
}

TEST(ClientSession, AcceptsAServerWithoutHello) {
  FakeServer server([](Peer& peer) {
    peer.answer({{"msgid", 100}, {"errno", 15}, {"error", "unknown_msgid"}});
    peer.next();
  });
  ClientSession session([](const Event&) {});
  EXPECT_TRUE(session.open("127.0.0.1", server.port()));
}

TEST(ClientSession, KeepsTheRosterUpToDate) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.answer(kLoginFields);
    peer.answer({{"friend", {{"id", 3}, {"name", "carol"}, {"state", "offline"}}}});
    peer.send({{"msgid", 200}, {"id", 3}, {"state", "online"}});
    peer.answer({{"groupid", 5}});
    const json joined = {
        {"msgid", 202}, {"groupid", 5}, {"change", "joined"}, {"id", 2}, {"name", "bob"}};
    peer.send(joined);
    peer.send(joined);
    peer.answer();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  ASSERT_TRUE(session.login(kAlice).ok());
  ASSERT_TRUE(session.request(protocol::messages::AddFriend{.friendid = UserId{3}}, {}).ok());
  ASSERT_TRUE(session.create_group("team", "ours").ok());
  ASSERT_TRUE(session.ping().ok());  // earlier pushes have been handled
  const auto friends = session.friends();
  ASSERT_EQ(friends.size(), 2u);
  EXPECT_EQ(friends[0].state, "offline");
  EXPECT_EQ(friends[1].state, "online");
  ASSERT_EQ(events.all<event::Presence>().size(), 1u);
  EXPECT_EQ(events.all<event::Presence>()[0].name, "carol");
  const auto groups = session.groups();
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].desc, "ours");
  ASSERT_EQ(groups[0].members.size(), 2u);
  EXPECT_EQ(groups[0].members[0].name, "alice");
  EXPECT_EQ(groups[0].members[1].name, "bob");
}

TEST(ClientSession, AUserWhoDoesNotExistIsForgotten) {
  const json missing = {{"errno", 23}, {"error", "not_found"}, {"errmsg", "no such user"}};
  FakeServer server([&](Peer& peer) {
    peer.answer();
    peer.answer(kLoginFields);
    while (peer.answer(missing)) {
    }
  });
  ClientSession session([](const Event&) {});
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  ASSERT_TRUE(session.login(kAlice).ok());
  // Also the answer if the message replied to is missing.
  event::MessageExtras reply;
  reply.reply = event::ReplyRef{{2}, 5};
  ASSERT_TRUE(session.chat({UserId{2}, {}}, "hi", reply).ok());
  ASSERT_TRUE(session.wait_for_chats(5s));
  EXPECT_EQ(session.friends().size(), 1U);
  EXPECT_EQ(session.names().users_named("bob").size(), 1U);
  ASSERT_TRUE(session.chat({UserId{2}, {}}, "hi").ok());
  ASSERT_TRUE(session.wait_for_chats(5s));
  EXPECT_TRUE(session.friends().empty());
  EXPECT_TRUE(session.names().users_named("bob").empty());
}

TEST(ClientSession, InterruptReleasesTheWaitingThread) {
  std::atomic<bool> asked{false};
  FakeServer server([&](Peer& peer) {
    peer.answer();
    peer.next();
    asked = true;
    asked.notify_all();
    peer.next();
  });
  Events events;
  ClientSession session(events.handler());
  ASSERT_TRUE(session.open("127.0.0.1", server.port()));
  std::thread other([&] {
    asked.wait(false);
    session.interrupt();
  });
  EXPECT_EQ(session.login(kAlice).status, Answer::Status::kDisconnected);
  EXPECT_TRUE(events.all<event::Disconnected>().empty());
  other.join();
}

}  // namespace
}  // namespace chat::client

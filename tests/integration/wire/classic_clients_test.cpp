// All requests with clients of the original course (PROTOCOL.md, section 9).
#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include "integration/server_fixture.h"
#include "support/clients/classic_client.h"

namespace chat::test {
namespace {

class Classic : public WithServer {
 protected:
  static Json text_of(const Json& item) { return Json::parse(item.get<std::string>()); }
  static Json chat(std::int64_t from, std::int64_t to, const std::string& text) {
    return {{"msgid", 6}, {"id", from},  {"name", "whoever"},
            {"toid", to}, {"msg", text}, {"time", "2026-01-02 03:04:05"}};
  }
  std::int64_t registered(const std::string& name) {
    const Json reply = ClassicClient(port()).register_user(name);
    EXPECT_EQ(reply.at("msgid"), 5);
    EXPECT_EQ(reply.at("errno"), 0);
    return reply.at("id");
  }
};

TEST_F(Classic, EveryRequestWorks) {
  ClassicClient alice(port());
  ClassicClient bob(port());
  const std::int64_t alice_id = alice.register_user("alice").at("id");
  const std::int64_t bob_id = bob.register_user("bob").at("id");
  const Json welcome = alice.log_in(alice_id, "alice");
  EXPECT_EQ(welcome, (Json{{"msgid", 2}, {"errno", 0}, {"id", alice_id}, {"name", "alice"}}));
  bob.log_in(bob_id, "bob");

  alice.send({{"msgid", 7}, {"id", alice_id}, {"friendid", bob_id}});
  alice.send({{"msgid", 8}, {"id", alice_id}, {"groupname", "club"}, {"groupdesc", "of two"}});
  alice.send(chat(alice_id, bob_id, "hello \"bob\" \U0001F600"));
  Json push = bob.receive();
  EXPECT_EQ(push.at("msgid"), 6);
  EXPECT_EQ(push.at("id"), alice_id);
  EXPECT_EQ(push.at("name"), "alice");
  EXPECT_EQ(push.at("msg"), "hello \"bob\" \U0001F600");
  EXPECT_TRUE(push.at("time").is_string());
  bob.send(chat(bob_id, alice_id, "hello alice"));
  EXPECT_EQ(alice.receive().at("msg"), "hello alice");

  bob.send({{"msgid", 9}, {"id", bob_id}, {"groupid", 1}});
  bob.send({{"msgid", 10},
            {"id", bob_id},
            {"name", "bob"},
            {"groupid", 1},
            {"msg", "hi all"},
            {"time", "now"}});
  EXPECT_EQ(alice.receive().at("msg"), "bob joined") << "an event row is a line of text";
  push = alice.receive();
  EXPECT_EQ(push.at("msgid"), 10);
  EXPECT_EQ(push.at("groupid"), 1);
  EXPECT_EQ(push.at("id"), bob_id);
  EXPECT_EQ(push.at("msg"), "hi all");

  alice.send({{"msgid", 3}, {"id", alice_id}});
  const Json again = alice.log_in(alice_id, "alice");
  ASSERT_EQ(again.at("friends").size(), 1U);
  EXPECT_EQ(text_of(again["friends"][0]),
            (Json{{"id", bob_id}, {"name", "bob"}, {"state", "online"}}));
  ASSERT_EQ(again.at("groups").size(), 1U);
  const Json group = text_of(again["groups"][0]);
  EXPECT_EQ(group.at("groupname"), "club");
  ASSERT_EQ(group.at("users").size(), 2U);
  EXPECT_EQ(text_of(group["users"][0]).at("role"), "creator");
  EXPECT_FALSE(again.contains("offlinemsg"));
}

// The numbers of one client's messages.
struct Numbers {
  int logout, reg, reg_ack, chat, add_friend, create_group, join_group, group_chat;
};
constexpr Numbers kA{3, 4, 5, 6, 7, 8, 9, 10};
constexpr Numbers kB{10, 3, 4, 5, 6, 7, 8, 9};

// The complete menu, between clients of these numberings.
void play_menu(std::uint16_t port, const Numbers& a, const Numbers& b, const std::string& tag) {
  ClassicClient alice(port);
  ClassicClient bob(port);
  const std::string alice_name = "alice " + tag;
  const std::string bob_name = "bob " + tag;
  Json reply = alice.register_user(alice_name, a.reg);
  EXPECT_EQ(reply.at("msgid"), a.reg_ack);
  const std::int64_t alice_id = reply.at("id");
  reply = bob.register_user(bob_name, b.reg);
  EXPECT_EQ(reply.at("msgid"), b.reg_ack);
  const std::int64_t bob_id = reply.at("id");
  alice.log_in(alice_id, alice_name);
  bob.log_in(bob_id, bob_name);

  alice.send({{"msgid", a.add_friend}, {"id", alice_id}, {"friendid", bob_id}});
  alice.send(
      {{"msgid", a.create_group}, {"id", alice_id}, {"groupname", "g " + tag}, {"groupdesc", ""}});
  alice.send({{"msgid", a.chat},
              {"id", alice_id},
              {"name", "x"},
              {"toid", bob_id},
              {"msg", "hi"},
              {"time", "now"}});
  Json push = bob.receive();
  EXPECT_EQ(push.at("msgid"), b.chat);
  EXPECT_EQ(push.at("msg"), "hi");
  alice.send({{"msgid", a.logout}, {"id", alice_id}});
  const Json welcome = alice.log_in(alice_id, alice_name);
  const Json group = Json::parse(welcome.at("groups").at(0).get<std::string>());
  EXPECT_EQ(Json::parse(welcome.at("friends").at(0).get<std::string>()).at("id"), bob_id);

  const Json to_group = {{"msgid", b.group_chat},  {"id", bob_id},    {"name", "x"},
                         {"groupid", group["id"]}, {"msg", "to all"}, {"time", "now"}};
  bob.send(to_group);  // it is no member: this does not make it one
  bob.send({{"msgid", b.logout}, {"id", bob_id}});
  EXPECT_FALSE(bob.log_in(bob_id, bob_name).contains("groups"));
  bob.send({{"msgid", b.join_group}, {"id", bob_id}, {"groupid", group["id"]}});
  bob.send(to_group);
  EXPECT_EQ(alice.receive().at("msg"), bob_name + " joined");
  push = alice.receive();
  EXPECT_EQ(push.at("msgid"), a.group_chat);
  EXPECT_EQ(push.at("msg"), "to all");
}

TEST_F(Classic, BothNumberingsWorkInEveryRowOfTheMenu) {
  play_menu(port(), kA, kA, "aa");
  play_menu(port(), kA, kB, "ab");
  play_menu(port(), kB, kA, "ba");
  play_menu(port(), kB, kB, "bb");
}

class ClassicFixedB : public WithServer {
 protected:
  ClassicFixedB() : WithServer(Settings{"server.classic_numbers=b"}) {}
};

TEST_F(ClassicFixedB, ServesListenersAndRefusesTheOtherNumbering) {
  play_menu(port(), kB, kB, "bb");
  ClassicClient registering(port());
  const std::int64_t id = registering.register_user("listener", kB.reg).at("id");
  ClassicClient listener(port());
  listener.log_in(id, "listener");
  User bob = new_user("bob");
  bob.chat(id, "hear");
  EXPECT_EQ(listener.receive().at("msgid"), kB.chat);
  const Json refused = ClassicClient(port()).register_user("other", kA.reg);
  EXPECT_EQ(refused.at("msgid"), kB.reg_ack);
  EXPECT_EQ(refused.at("errno"), 1);
}

TEST_F(Classic, ObjectsWithoutATerminatorAreAccepted) {
  ClassicClient alice(port());
  alice.send_raw(R"({"msgid":3,"name":"alice","password":"secret of alice"})");
  const Json reply = alice.receive();
  EXPECT_EQ(reply.at("msgid"), 4);
  const std::string id = std::to_string(reply.at("id").get<int>());
  alice.send_raw(R"({"msgid":1,"id":)" + id + R"(,"password":"secret of alice"})");
  EXPECT_EQ(alice.receive().at("errno"), 0);
  const std::string chat = R"({"msgid":5,"toid":)" + id + R"(,"msg":"})" + "\\\"{" + R"("})";
  alice.send_raw(chat + chat);
  EXPECT_EQ(alice.receive().at("msg"), "}\"{");
  EXPECT_EQ(alice.receive().at("msg"), "}\"{");
}

TEST_F(Classic, TextClientMayPauseBeforeItsLineEnd) {
  RawClient client(port());
  client.send_raw(R"({"msgid":21})");
  expect_ok(client.receive(), 121);  // accepted without its line end, and answered as text
  client.send_raw("\n{\"msgid\":21}\n");
  expect_ok(client.receive(), 121);
}

TEST_F(Classic, PacedPushesOfADisconnectedClientAreNotDelivered) {
  const std::int64_t id = registered("alice");
  User bob = new_user("bob");
  constexpr int kMany = 40;
  std::set<std::string> seen;
  const auto see_next = [&seen](ClassicClient& client) {
    for (const Json& push : client.receive_all()) seen.insert(push.at("msg"));
  };
  {
    ClassicClient alice(port());
    alice.log_in(id, "alice");
    for (int i = 0; i < kMany; ++i) {
      bob.client.send(chat_request(bob.account, id, std::to_string(i)));
    }
    see_next(alice);
    alice.half_close();
    for (int i = 0; i < kMany; ++i) expect_ok(bob.client.receive(), 106);
    try {
      for (;;) see_next(alice);
    } catch (const ConnectionEnded&) {
    }
  }
  EXPECT_LT(seen.size(), std::size_t{kMany});
  ClassicClient again(port());
  const Json welcome = again.log_in(id, "alice");
  for (const Json& item : welcome.value("offlinemsg", Json::array())) {
    seen.insert(text_of(item).at("msg"));
  }
  while (seen.size() < std::size_t{kMany}) see_next(again);
}

// A push to a classic client is written at once, and fails in the middle of the delivery to a
// group.
TEST_F(Classic, ResetsDuringAPushHarmNobody) {
  constexpr int kClients = 30;
  User alice = new_user("alice");
  const std::int64_t group = alice.create_group("club");
  std::vector<std::pair<std::int64_t, std::string>> members;
  for (int i = 0; i < kClients; ++i) {
    const std::string name = "bob " + std::to_string(i);
    members.emplace_back(registered(name), name);
    ClassicClient joining(port());
    joining.log_in(members.back().first, name);
    joining.send({{"msgid", 9}, {"id", members.back().first}, {"groupid", group}});
    joining.send(chat(members.back().first, members.back().first, "joined"));
    while (joining.receive().at("msg") != "joined") {
    }
  }
  for (int round = 0; round < 5; ++round) {
    std::vector<ClassicClient> clients;
    for (const auto& [id, name] : members) {
      clients.emplace_back(port());
      // The session of the round before may take a moment to end.
      EXPECT_TRUE(wait_until(
          [&, id = id, &name = name] { return clients.back().log_in(id, name).at("errno") == 0; }));
    }
    const Json hello = {{"msgid", 10}, {"groupid", group}, {"msg", "hello"}};
    alice.client.send(hello);
    for (ClassicClient& client : clients) client.reset();
    expect_ok(alice.client.reply(hello), 110);
  }
}

TEST_F(Classic, LogsOutAndInAgainAnyNumberOfTimesWithEitherNumber) {
  ClassicClient alice(port());
  const std::int64_t id = alice.register_user("alice").at("id");
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(alice.log_in(id, "alice").at("errno"), 0) << round;
    alice.send({{"msgid", round % 2 == 0 ? 3 : 11}, {"id", id}});
  }
  EXPECT_EQ(alice.log_in(id, "alice").at("errno"), 0);
}

TEST_F(Classic, OnlyLoginAndRegisterFailuresAreReported) {
  ClassicClient alice(port());
  const std::int64_t id = alice.register_user("alice").at("id");
  Json reply = alice.register_user("alice");
  EXPECT_EQ(reply.at("errno"), 1);
  EXPECT_TRUE(reply.at("errmsg").is_string());
  alice.send({{"msgid", 1}, {"id", id}, {"password", "wrong password"}});
  reply = alice.receive();
  EXPECT_EQ(reply.at("msgid"), 2);
  EXPECT_EQ(reply.at("errno"), 1);
  EXPECT_TRUE(reply.at("errmsg").is_string());

  alice.send(chat(id, id, "not logged in"));
  alice.log_in(id, "alice");
  ClassicClient second(port());
  EXPECT_EQ(second.log_in(id, "alice").at("errno"), 2);
  alice.send({{"msgid", 7}, {"id", id}, {"friendid", 9999}});
  alice.send({{"msgid", 9}, {"id", id}, {"groupid", 9999}});
  alice.send({{"msgid", 10}, {"id", id}, {"groupid", 9999}, {"msg", "x"}});
  alice.send({{"msgid", 99}});
  alice.send(Json::array());
  alice.send({{"msgid", 21}});
  alice.expect_silence_for(milliseconds{300});
  alice.send(chat(id, id, "still here"));
  EXPECT_EQ(alice.receive().at("msg"), "still here");
}

TEST_F(Classic, OfflineMessagesArriveOnceInOrder) {
  const std::int64_t id = registered("alice");
  User bob = new_user("bob");
  constexpr int kMany = 60;
  for (int i = 0; i < kMany; ++i) bob.chat(id, "message number " + std::to_string(i));
  ClassicClient alice(port());
  const Json welcome = alice.log_in(id, "alice");
  int next = 0;
  for (const Json& item : welcome.value("offlinemsg", Json::array())) {
    EXPECT_EQ(text_of(item).at("msg"), "message number " + std::to_string(next++));
  }
  EXPECT_GT(next, 0);
  while (next < kMany) {
    EXPECT_EQ(alice.receive().at("msg"), "message number " + std::to_string(next++));
  }
  alice.expect_silence_for(milliseconds{100});
  alice.send({{"msgid", 3}, {"id", id}});
  EXPECT_FALSE(alice.log_in(id, "alice").contains("offlinemsg"));
}

TEST_F(Classic, LongTextsArriveInPieces) {
  const std::int64_t id = registered("alice");
  ClassicClient alice(port());
  alice.log_in(id, "alice");
  User bob = new_user("bob");
  std::string longest;
  for (int i = 0; i < 2000; ++i) longest += "\u4e2d\"";
  bob.chat(id, longest);
  bob.chat(id, "and this");
  std::string joined;
  while (joined.size() < longest.size()) joined += alice.receive().at("msg").get<std::string>();
  EXPECT_EQ(joined, longest);
  EXPECT_EQ(alice.receive().at("msg"), "and this");
}

TEST_F(Classic, TalksWithTextAndBinaryClients) {
  const std::int64_t id = registered("alice");
  ClassicClient alice(port());
  alice.log_in(id, "alice");
  for (const Wire wire : {Wire::kText, Wire::kBinary}) {
    User other = new_user("other " + to_string(wire), wire);
    other.chat(id, "to classic");
    EXPECT_EQ(alice.receive().at("msg"), "to classic");
    alice.send(chat(id, other.id(), "from classic"));
    EXPECT_EQ(other.client.push(6).at("msg"), "from classic");
  }
}

TEST_F(Classic, ManyMessagesAreNotLostInOneRead) {
  const std::int64_t id = registered("alice");
  ClassicClient alice(port());
  alice.log_in(id, "alice");
  User bob = new_user("bob");
  for (int i = 0; i < 100; ++i) {
    bob.client.send(chat_request(bob.account, id, std::to_string(i)));
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(alice.receive().at("msg"), std::to_string(i));
}

class ClassicChatRate : public WithServer {
 protected:
  ClassicChatRate() : WithServer(Settings{"limits.chat_per_second=20"}) {}
};

// They get no refusals, so nothing may be refused.
TEST_F(ClassicChatRate, SlowsDownFastSendersWithoutLoss) {
  User bob = new_user("bob");
  ClassicClient alice(port());
  const std::int64_t id = alice.register_user("alice").at("id");
  alice.log_in(id, "alice");
  constexpr int kMany = 60;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < kMany; ++i) {
    alice.send({{"msgid", 6}, {"id", id}, {"toid", bob.id()}, {"msg", std::to_string(i)}});
  }
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(bob.client.push(6).at("msg"), std::to_string(i));
  alice.send({{"msgid", 6}, {"id", id}, {"toid", bob.id()}, {"msg", "and on"}});
  EXPECT_EQ(bob.client.push(6).at("msg"), "and on");
  // 61 of them, of which 40 are a burst.
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds{900});
}

}  // namespace
}  // namespace chat::test

// Invalid requests: the exact reply to each, and the order of the checks.
#include <gtest/gtest.h>

#include <memory>

#include "integration/server_fixture.h"
#include "support/repeated.h"

namespace chat::test {
namespace {

// Invalid ids.
const std::vector<Json>& bad_ids() {
  static const std::vector<Json> ids = {0,
                                        -1,
                                        1.0,
                                        1.5,
                                        "1",
                                        "",
                                        true,
                                        false,
                                        nullptr,
                                        Json::array(),
                                        Json::object(),
                                        2147483648LL,
                                        4294967297LL,
                                        -2147483649LL,
                                        9223372036854775807LL,
                                        18446744073709551615ULL,
                                        1e300};
  return ids;
}

// Alice is logged in, bob and the group's owner exist; a witness chats after each test.
class BadRequests : public ::testing::TestWithParam<Wire> {
 protected:
  static void SetUpTestSuite() {
    server = std::make_unique<ServerProcess>();
    witness = std::make_unique<User>(new_user(server->port(), "witness"));
    group = witness->create_group("the witness's own");
    alice_account = register_account(server->port(), "alice");
    bob_account = register_account(server->port(), "bob");
  }
  static void TearDownTestSuite() {
    witness.reset();
    server.reset();
  }
  void SetUp() override {
    alice = std::make_unique<User>(log_in(server->port(), alice_account, GetParam()));
  }
  void TearDown() override {
    alice->log_out();
    ASSERT_TRUE(server->running());
    expect_no_push(*witness);
  }

  RawClient connect() { return RawClient(server->port(), GetParam()); }
  void refused(const Json& request, ErrorKind kind) {
    expect_refused(alice->client, request, kind);
  }
  // bad_field whose errmsg names the field.
  static void bad_field(RawClient& client, const Json& request, const std::string& field) {
    const Json reply = expect_refused(client, request, errors::kBadField);
    EXPECT_NE(reply.value("errmsg", "").find(field), std::string::npos)
        << "the field " << field << " is not named: " << reply;
  }
  void bad_field(const Json& request, const std::string& field) {
    bad_field(alice->client, request, field);
  }
  Json chat_to_bob(const Json& text) const {
    return {{"msgid", 6}, {"toid", bob_account.id}, {"msg", text}};
  }

  inline static std::unique_ptr<ServerProcess> server;
  inline static std::unique_ptr<User> witness;
  inline static std::int64_t group;
  inline static Account alice_account;
  inline static Account bob_account;
  std::unique_ptr<User> alice;
};
CHAT_RUN_IN_BOTH_FRAMINGS(BadRequests);

TEST_P(BadRequests, InvalidIdsAreBadFields) {
  for (const Json& id : bad_ids()) {
    bad_field({{"msgid", 6}, {"toid", id}, {"msg", "x"}}, "toid");
    bad_field({{"msgid", 6}, {"id", id}, {"toid", bob_account.id}, {"msg", "x"}}, "id");
    bad_field({{"msgid", 7}, {"friendid", id}}, "friendid");
    bad_field({{"msgid", 9}, {"groupid", id}}, "groupid");
    bad_field({{"msgid", 10}, {"groupid", id}, {"msg", "x"}}, "groupid");
    bad_field({{"msgid", 3}, {"id", id}}, "id");
    bad_field({{"msgid", 22}, {"from", id}, {"seq", 1}}, "from");
    bad_field({{"msgid", 22}, {"groupid", id}, {"seq", 1}}, "groupid");
  }
}

TEST_P(BadRequests, IdsAtLoginAreCheckedTheSameWay) {
  RawClient client = connect();
  for (const Json& id : bad_ids()) {
    bad_field(client, {{"msgid", 1}, {"id", id}, {"password", "secret-1"}}, "id");
  }
}

TEST_P(BadRequests, MissingFieldsAreBadFields) {
  bad_field({{"msgid", 6}, {"msg", "x"}}, "toid");
  bad_field({{"msgid", 6}, {"toid", bob_account.id}}, "msg");
  bad_field({{"msgid", 7}}, "friendid");
  bad_field({{"msgid", 8}, {"groupdesc", "x"}}, "groupname");
  bad_field({{"msgid", 9}}, "groupid");
  bad_field({{"msgid", 10}, {"msg", "x"}}, "groupid");
  bad_field({{"msgid", 10}, {"groupid", group}}, "msg");
  bad_field({{"msgid", 22}, {"from", bob_account.id}}, "seq");
  expect_refused(alice->client, {{"msgid", 22}, {"seq", 1}}, errors::kBadField);
  RawClient client = connect();
  bad_field(client, {{"msgid", 4}, {"name", "carol"}}, "password");
  bad_field(client, {{"msgid", 4}, {"password", "secret-1"}}, "name");
  bad_field(client, {{"msgid", 1}, {"id", 1}}, "password");
  expect_refused(client, {{"msgid", 1}, {"password", "secret-1"}}, errors::kBadField);
}

TEST_P(BadRequests, InvalidTextsAreBadFields) {
  for (const Json& text : {Json(""), Json(repeated("x", 4001)), Json(repeated("😀", 4001)), Json(1),
                           Json(true), Json(nullptr), Json::array({"x"})}) {
    bad_field(chat_to_bob(text), "msg");
    bad_field({{"msgid", 10}, {"groupid", group}, {"msg", text}}, "msg");
  }
}

TEST_P(BadRequests, GroupNamesThatBreakTheRulesAreBadFields) {
  for (const Json& name :
       {Json(""), Json(repeated("x", 51)), Json(repeated("ä", 51)), Json(" x"), Json("x "),
        Json("x\n"), Json("a\u0001b"), Json("a\u007f"), Json("tab\tbed"), Json(7), Json(nullptr)}) {
    bad_field({{"msgid", 8}, {"groupname", name}, {"groupdesc", ""}}, "groupname");
  }
  bad_field({{"msgid", 8}, {"groupname", "fine"}, {"groupdesc", repeated("x", 51)}}, "groupdesc");
  bad_field({{"msgid", 8}, {"groupname", "fine"}, {"groupdesc", 7}}, "groupdesc");
}

TEST_P(BadRequests, InvalidCidsAreBadFieldsAndNotEchoed) {
  for (const Json& cid : {Json(""), Json(repeated("x", 37)), Json("ä"), Json("a\nb"), Json(7),
                          Json(nullptr), Json(true)}) {
    Json request = chat_to_bob("x");
    request["cid"] = cid;
    const Json reply = alice->client.request(request);
    expect_error(reply, 106, errors::kBadField);
    EXPECT_NE(reply.value("errmsg", "").find("cid"), std::string::npos) << reply;
    EXPECT_FALSE(reply.contains("cid"));
  }
  Json longest = chat_to_bob("x");
  longest["cid"] = repeated("x", 36);
  EXPECT_EQ(request_ok(alice->client, longest).at("cid"), longest["cid"]);
}

TEST_P(BadRequests, LoginFlagsMustBeBooleans) {
  RawClient client = connect();
  bad_field(client, login_request(bob_account, {{"takeover", 1}}), "takeover");
  bad_field(client, login_request(bob_account, {{"takeover", "true"}}), "takeover");
  bad_field(client, login_request(bob_account, {{"ack", 1}}), "ack");
  bad_field(client, login_request(bob_account, {{"heartbeat", nullptr}}), "heartbeat");
}

TEST_P(BadRequests, UnknownMsgidIsAnErrorButKeepsTheConnection) {
  for (const std::int64_t msgid :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{77}, std::int64_t{99}, std::int64_t{106},
        std::int64_t{200}, std::int64_t{1000000}, std::int64_t{2147483648},
        std::int64_t{4294967317}, std::int64_t{9223372036854775807}}) {
    const Json reply = alice->client.request({{"msgid", msgid}, {"cid", "u"}});
    expect_error(reply, 100, errors::kUnknownMsgid);
    EXPECT_EQ(reply.value("cid", ""), "u");
  }
  expect_alive(alice->client);
}

TEST_P(BadRequests, RequestsWithoutALoginGetNotLoggedIn) {
  RawClient client = connect();
  const std::vector<Json> requests = {logout_request(alice_account),
                                      chat_request(alice_account, bob_account.id, "x"),
                                      add_friend_request(alice_account, bob_account.id),
                                      create_group_request(alice_account, "g"),
                                      join_group_request(alice_account, group),
                                      group_chat_request(alice_account, group, "x"),
                                      delivered_request(bob_account.id, 1)};
  for (const Json& request : requests) {
    expect_refused(client, request, errors::kNotLoggedIn);
    // The login is checked before the fields.
    expect_refused(client, {{"msgid", request["msgid"]}}, errors::kNotLoggedIn);
  }
}

TEST_P(BadRequests, UnknownMsgidTakesPrecedenceOverTheMissingLogin) {
  RawClient client = connect();
  expect_error(client.request({{"msgid", 77}}), 100, errors::kUnknownMsgid);
}

TEST_P(BadRequests, ForeignSenderIdIsNotAllowed) {
  const Account& bob = bob_account;
  log_in(server->port(), bob).log_out();  // including messages of other tests
  refused(chat_request(bob, bob.id, "x"), errors::kNotAllowed);
  refused(add_friend_request(bob, witness->id()), errors::kNotAllowed);
  refused(create_group_request(bob, "g"), errors::kNotAllowed);
  refused(join_group_request(bob, group), errors::kNotAllowed);
  refused(group_chat_request(bob, group, "x"), errors::kNotAllowed);
  refused(logout_request(bob), errors::kNotAllowed);
  EXPECT_EQ(log_in(server->port(), bob).welcome.at("offlinemsg"), Json::array());
}

TEST_P(BadRequests, IdentityIsCheckedAfterFieldsAndBeforeExistence) {
  bad_field({{"msgid", 6}, {"id", bob_account.id}, {"toid", 0}, {"msg", "x"}}, "toid");
  refused(chat_request(bob_account, 2'000'000'000, "x"), errors::kNotAllowed);
}

TEST_P(BadRequests, UsersThatDoNotExistAreNotFound) {
  for (const std::int64_t nobody : {2'000'000'000, 2147483647}) {
    refused(chat_request(alice_account, nobody, "x"), errors::kNotFound);
    refused(add_friend_request(alice_account, nobody), errors::kNotFound);
  }
}

TEST_P(BadRequests, ForeignGroupLooksLikeAMissingOne) {
  const std::int64_t none = 2'000'000'000;
  Json outside = expect_refused(alice->client, group_chat_request(alice_account, group, "x"),
                                errors::kNotFound);
  Json missing = expect_refused(alice->client, group_chat_request(alice_account, none, "x"),
                                errors::kNotFound);
  outside.erase("cid");
  missing.erase("cid");
  const auto without_number = [](Json& reply, std::int64_t number) {
    std::string text = reply.at("errmsg");
    const std::string digits = std::to_string(number);
    if (const auto at = text.find(digits); at != std::string::npos) text.erase(at, digits.size());
    reply["errmsg"] = text;
  };
  without_number(outside, group);
  without_number(missing, none);
  EXPECT_EQ(outside, missing);
  refused(join_group_request(alice_account, none), errors::kNotFound);
}

TEST_P(BadRequests, AddingOrJoiningTwiceGetsExists) {
  const Account friendly = register_account(server->port(), "friend " + to_string(GetParam()));
  request_ok(alice->client, add_friend_request(alice_account, friendly.id));
  refused(add_friend_request(alice_account, friendly.id), errors::kExists);
  User host = new_user(server->port(), "host " + to_string(GetParam()));
  const auto club = host.create_group("club " + to_string(GetParam()));
  alice->join_group(club);
  refused(join_group_request(alice_account, club), errors::kExists);
  expect_refused(host.client, join_group_request(host.account, club), errors::kExists);
}

TEST_P(BadRequests, TakenGroupNameGetsExists) {
  refused(create_group_request(alice_account, "the witness's own"), errors::kExists);
  refused(create_group_request(alice_account, "THE WITNESS'S OWN"), errors::kExists);
}

TEST_P(BadRequests, SameCidWithAnotherTextIsAConflict) {
  const std::string cid = "conflict-" + to_string(GetParam());
  const auto club = alice->create_group("conflict " + to_string(GetParam()));
  alice->chat(bob_account.id, "one text", cid);
  alice->group_chat(club, "one text", cid);
  const auto conflict = [&](Json request, int msgid) {
    request["cid"] = cid;
    const Json reply = alice->client.request(request);
    expect_error(reply, msgid, errors::kConflict);
    EXPECT_EQ(reply.value("cid", ""), cid);
  };
  conflict(chat_to_bob("another text"), 106);
  conflict(group_chat_request(alice_account, club, "another text"), 110);
  EXPECT_EQ(alice->group_chat(club, "next").at("seq"), 2) << "a conflict uses no seq";
}

}  // namespace
}  // namespace chat::test

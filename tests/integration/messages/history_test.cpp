// HISTORY: a conversation from its newest message back, page by page.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class History : public InBothFramings {
 protected:
  static Json with(std::int64_t id, const Json& more = Json::object()) {
    Json request = {{"msgid", 25}, {"with", id}};
    request.update(more);
    return request;
  }
  static Json of_group(std::int64_t id, const Json& more = Json::object()) {
    Json request = {{"msgid", 25}, {"groupid", id}};
    request.update(more);
    return request;
  }
  static std::vector<std::string> texts(const Json& reply) {
    std::vector<std::string> all;
    for (const Json& message : reply.at("messages")) all.push_back(message.at("msg"));
    return all;
  }
  // All pages, oldest message first.
  static std::vector<std::string> all_texts(User& user, Json request) {
    std::vector<std::string> all;
    for (;;) {
      const Json reply = request_ok(user.client, request);
      const auto page = texts(reply);
      all.insert(all.begin(), page.begin(), page.end());
      if (!reply.contains("cursor")) return all;
      request["cursor"] = reply["cursor"];
    }
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(History);

using ::testing::ElementsAre;

TEST_P(History, ContainsWhatTheSameConnectionSentBefore) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  for (const std::string text : {"1", "2", "3", "4", "5"}) {
    alice.client.send(chat_request(alice.account, bob.id(), text));
    alice.client.send(with(bob.id()));
    expect_ok(alice.client.receive(), 106);
    const Json reply = alice.client.receive();
    expect_ok(reply, 125);
    EXPECT_EQ(texts(reply).back(), text);
  }
}

TEST_P(History, ContainsBothDirectionsNewestLast) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  alice.chat(bob.id(), "1", "a1");
  bob.chat(alice.id(), "2");
  bob.chat(alice.id(), "3");
  alice.chat(bob.id(), "4");
  User carol = new_user("carol");
  carol.chat(alice.id(), "not theirs");

  for (User* user : {&alice, &bob}) {
    const std::int64_t other = user == &alice ? bob.id() : alice.id();
    const Json reply = request_ok(user->client, with(other));
    expect_ok(reply, 125);
    EXPECT_THAT(texts(reply), ElementsAre("1", "2", "3", "4"));
    EXPECT_FALSE(reply.contains("cursor"));
    const Json& first = reply["messages"][0];
    EXPECT_EQ(first.at("msgid"), 6);
    EXPECT_EQ(first.at("id"), alice.id());
    EXPECT_EQ(first.at("name"), "alice");
    EXPECT_EQ(first.at("toid"), bob.id());
    EXPECT_EQ(first.at("cid"), "a1");
    EXPECT_EQ(first.at("seq"), 1);
  }
}

TEST_P(History, PagesHaveNoHolesAndNoRepeats) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  std::vector<std::string> said;
  for (int i = 0; i < 23; ++i) {
    said.push_back(std::to_string(i));
    i % 3 == 0 ? bob.chat(alice.id(), said.back()) : alice.chat(bob.id(), said.back());
  }
  const Json newest = request_ok(alice.client, with(bob.id(), {{"limit", 2}}));
  EXPECT_THAT(texts(newest), ElementsAre("21", "22"));
  for (const int limit : {1, 2, 7, 22, 23, 24, 100}) {
    EXPECT_EQ(all_texts(alice, with(bob.id(), {{"limit", limit}})), said) << limit;
  }
}

TEST_P(History, MessagesToOneselfAppearOnce) {
  User alice = new_user("alice");
  for (const char* text : {"1", "2", "3"}) alice.chat(alice.id(), text);
  EXPECT_THAT(all_texts(alice, with(alice.id(), {{"limit", 2}})), ElementsAre("1", "2", "3"));
}

TEST_P(History, GroupHistoryBeginsWhereTheMemberJoined) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t group = alice.create_group("readers");
  for (const char* text : {"1", "2"}) alice.group_chat(group, text);
  bob.join_group(group);
  for (const char* text : {"3", "4"}) alice.group_chat(group, text);
  bob.group_chat(group, "5");
  EXPECT_THAT(all_texts(bob, of_group(group, {{"limit", 2}})), ElementsAre("3", "4", "5"));
  EXPECT_THAT(all_texts(bob, of_group(group)), ElementsAre("3", "4", "5"));
  EXPECT_THAT(all_texts(alice, of_group(group, {{"limit", 1}})),
              ElementsAre("1", "2", "bob joined", "3", "4", "5"));
  const Json reply = request_ok(alice.client, of_group(group));
  EXPECT_EQ(reply["messages"][5].at("groupid"), group);
  EXPECT_EQ(reply["messages"][5].at("name"), "bob");
}

TEST_P(History, LongTextsMakeShorterPages) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  std::string longest;
  for (int i = 0; i < 4000; ++i) longest += "\U0001F600";
  for (int i = 0; i < 9; ++i) alice.chat(bob.id(), longest);
  const Json page = request_ok(bob.client, with(alice.id()));
  EXPECT_LE(page.dump().size(), 64U * 1024);
  EXPECT_LT(page["messages"].size(), 9U);
  EXPECT_EQ(all_texts(bob, with(alice.id())).size(), 9U);
}

TEST_P(History, IsEmptyBeforeTheFirstMessage) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  EXPECT_EQ(request_ok(alice.client, with(bob.id)).at("messages"), Json::array());
  const std::int64_t group = alice.create_group("quiet");
  EXPECT_EQ(request_ok(alice.client, of_group(group)).at("messages"), Json::array());
}

TEST_P(History, RefusesInvalidRequests) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t group = bob.create_group("not alice's");
  alice.chat(bob.id(), "1");
  alice.chat(bob.id(), "2");
  const Json page = request_ok(alice.client, with(bob.id(), {{"limit", 1}}));
  const std::string cursor = page.at("cursor");
  for (const Json& more :
       {Json{{"limit", 0}}, Json{{"limit", 101}}, Json{{"limit", -1}}, Json{{"limit", "9"}},
        Json{{"cursor", ""}}, Json{{"cursor", "x"}}, Json{{"cursor", cursor + "0x"}},
        Json{{"cursor", cursor + " "}}, Json{{"cursor", 7}}, Json{{"groupid", group}}}) {
    expect_refused(alice.client, with(bob.id(), more), errors::kBadField);
  }
  expect_refused(alice.client, with(alice.id(), {{"cursor", cursor}}), errors::kBadField);
  expect_refused(alice.client, {{"msgid", 25}}, errors::kBadField);
  expect_refused(alice.client, with(9999), errors::kNotFound);
  expect_refused(alice.client, of_group(group), errors::kNotFound);
  expect_refused(alice.client, of_group(9999), errors::kNotFound);
  RawClient stranger = connect();
  expect_refused(stranger, with(bob.id()), errors::kNotLoggedIn);
}

}  // namespace
}  // namespace chat::test

// LIST and GROUP_INFO, and a LOGIN_ACK that has no room for everything.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Lists : public InBothFramings {
 protected:
  // The ids of `field` over all pages.
  static std::vector<std::int64_t> all_ids(User& user, Json request, const char* field,
                                           int* pages = nullptr) {
    std::vector<std::int64_t> ids;
    for (;;) {
      const Json reply = request_ok(user.client, request);
      EXPECT_LE(reply.dump().size(), 64U * 1024);
      for (const Json& item : reply.at(field)) ids.push_back(item.at("id"));
      if (pages != nullptr) ++*pages;
      if (!reply.contains("cursor")) return ids;
      request["cursor"] = reply["cursor"];
    }
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Lists);

TEST_P(Lists, ReturnFriendsAndGroups) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  request_ok(alice.client, add_friend_request(alice.account, bob.id()));
  const std::int64_t group = alice.create_group("club", "of two");
  bob.join_group(group);

  const Json friends = request_ok(alice.client, {{"msgid", 31}, {"kind", "friends"}});
  expect_ok(friends, 131);
  EXPECT_EQ(friends.at("friends"),
            (Json::array({{{"id", bob.id()}, {"name", "bob"}, {"state", "online"}}})));
  EXPECT_FALSE(friends.contains("cursor"));
  const Json groups = request_ok(bob.client, {{"msgid", 31}, {"kind", "groups"}});
  EXPECT_EQ(
      groups.at("groups"),
      (Json::array(
          {{{"id", group}, {"groupname", "club"}, {"groupdesc", "of two"}, {"role", "normal"}}})));
  const Json info = request_ok(bob.client, {{"msgid", 30}, {"groupid", group}});
  expect_ok(info, 130);
  EXPECT_EQ(info.at("group"),
            (Json{{"id", group}, {"groupname", "club"}, {"groupdesc", "of two"}}));
  ASSERT_EQ(info.at("users").size(), 2U);
  EXPECT_EQ(
      info["users"][0],
      (Json{{"id", alice.id()}, {"name", "alice"}, {"state", "online"}, {"role", "creator"}}));
}

TEST_P(Lists, RefuseUnknownObjects) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t group = bob.create_group("not alice's");
  for (const Json& more :
       {Json{{"kind", "enemies"}}, Json{{"kind", 1}}, Json::object(),
        Json{{"kind", "friends"}, {"cursor", "x"}}, Json{{"kind", "friends"}, {"cursor", ""}},
        Json{{"kind", "friends"}, {"cursor", 5}}}) {
    Json request = {{"msgid", 31}};
    request.update(more);
    expect_refused(alice.client, request, errors::kBadField);
  }
  expect_refused(alice.client, {{"msgid", 30}, {"groupid", group}}, errors::kNotFound);
  expect_refused(alice.client, {{"msgid", 30}, {"groupid", 9999}}, errors::kNotFound);
  expect_refused(alice.client, {{"msgid", 30}}, errors::kBadField);
  RawClient stranger = connect();
  expect_refused(stranger, {{"msgid", 31}, {"kind", "friends"}}, errors::kNotLoggedIn);
}

// A user with the maximum number of friends and groups, all with the longest names.
class Crowd : public Lists {
 protected:
  static constexpr int kFriends = 2000;
  static constexpr int kGroups = 500;
  static constexpr int kMembers = 2000;

  // Inserted into the tables: over the wire it would take minutes.
  void make_crowd(std::int64_t who) {
    std::string name;
    for (int i = 0; i < 42; ++i) name += "\U0001F600";
    const std::string numbers =
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999)";
    insert("user (id, name, name_key, password, created_at)", numbers,
           "SELECT 10000 + i, concat_ws('', '" + name + "', i), concat_ws('', '" + name +
               "', i), 'x', 1 FROM n");
    insert("friend (userid, friendid)", numbers,
           "SELECT " + std::to_string(who) + ", 10000 + i FROM n");
    insert("allgroup (id, groupname, name_key, groupdesc)", numbers,
           "SELECT 20000 + i, concat_ws('', '" + name + "', i), concat_ws('', '" + name +
               "', i), '" + name + "' FROM n WHERE i < 500");
    insert("groupuser (groupid, userid, joined_seq, delivered_seq, read_seq)", numbers,
           "SELECT 20000 + i, " + std::to_string(who) + ", 0, 0, 0 FROM n WHERE i < 500");
    // Only for the first groups, which are the ones read: a million rows would slow the test.
    insert("groupuser (groupid, userid, joined_seq, delivered_seq, read_seq)", numbers,
           "SELECT g.id, 10000 + n.i, 0, 0, 0 FROM n JOIN allgroup g ON g.id < 20005"
           " WHERE n.i < 1999");
  }
  void insert(const std::string& into, const std::string& numbers, const std::string& select) {
    const std::string sql =
        on_mysql() ? "INSERT INTO " + into + " " + numbers + " " + select
                   : "INSERT INTO " + into + " " + numbers + " " + sqlite_words(select);
    server.storage().execute((on_mysql() ? "SET max_recursive_iterations = 5000; " : "") + sql);
  }
  // This SQLite lacks concat_ws().
  static std::string sqlite_words(std::string select) {
    const std::string call = "concat_ws('', ";
    for (auto at = select.find(call); at != std::string::npos; at = select.find(call)) {
      const auto comma = select.find(", i)", at);
      select.replace(comma, 4, " || i");
      select.erase(at, call.size());
    }
    return select;
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Crowd);

TEST_P(Crowd, LoginAckStaysWithin64KiBAndListsReturnTheRest) {
  const Account alice = register_account("alice");
  const Account bob = register_account("bob");
  server.terminate();
  make_crowd(alice.id);
  server.start();
  {
    User sender = log_in(bob);
    std::string longest;
    for (int i = 0; i < 4000; ++i) longest += "\U0001F600";
    for (int i = 0; i < 3; ++i) sender.chat(alice.id, longest);
  }
  const auto began = std::chrono::steady_clock::now();
  User user = log_in(alice);
  EXPECT_LT(std::chrono::steady_clock::now() - began, scaled(milliseconds{2000}));
  EXPECT_LE(user.welcome.dump().size(), 64U * 1024);
  EXPECT_FALSE(user.welcome.at("offlinemsg").empty());
  EXPECT_GT(user.welcome.at("friends").size(), 50U);
  EXPECT_EQ(user.welcome.at("more_friends"), true);
  EXPECT_EQ(user.welcome.at("more_groups"), true);
  EXPECT_EQ(collect_messages(user, 3).size(), 3U);

  int pages = 0;
  const auto friends = all_ids(user, {{"msgid", 31}, {"kind", "friends"}}, "friends", &pages);
  EXPECT_EQ(std::set(friends.begin(), friends.end()).size(), std::size_t{kFriends});
  EXPECT_EQ(friends.size(), std::size_t{kFriends});
  EXPECT_GT(pages, 4);
  EXPECT_EQ(all_ids(user, {{"msgid", 31}, {"kind", "groups"}}, "groups").size(),
            std::size_t{kGroups});
  const auto members = all_ids(user, {{"msgid", 30}, {"groupid", 20001}}, "users");
  EXPECT_EQ(std::set(members.begin(), members.end()).size(), std::size_t{kMembers});
}

}  // namespace
}  // namespace chat::test

// FIND.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr int kSetOwn = 36;
constexpr int kFindUsers = 37;
constexpr std::size_t kPerPage = 20;

using Ids = std::vector<std::int64_t>;

Json find_request(const std::string& kind, const std::string& query) {
  return {{"msgid", kFindUsers}, {"kind", kind}, {"query", query}};
}

class Find : public InBothFramings {
 protected:
  using InBothFramings::InBothFramings;

  static void set(User& user, Json fields) {
    fields["msgid"] = kSetOwn;
    request_ok(user.client, fields);
  }
  // The items of all pages.
  static std::vector<Json> all(User& user, const std::string& kind, const std::string& query,
                               int* pages = nullptr) {
    std::vector<Json> items;
    Json request = find_request(kind, query);
    for (;;) {
      const Json reply = request_ok(user.client, request);
      EXPECT_LE(reply.at(kind).size(), kPerPage);
      for (const Json& item : reply.at(kind)) items.push_back(item);
      if (pages != nullptr) ++*pages;
      if (!reply.contains("cursor")) return items;
      request["cursor"] = reply["cursor"];
    }
  }
  static Ids ids(User& user, const std::string& query, const std::string& kind = "users") {
    Ids found;
    for (const Json& item : all(user, kind, query)) found.push_back(item.at("id"));
    return found;
  }
  void execute(const std::string& sql) { server.storage().execute(sql); }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Find);

TEST_P(Find, FindsUsersByPrefixOfNameOrNickWithoutCase) {
  User alice = new_user("Alice");
  User aline = new_user("ÄLINE");
  User bob = new_user("bob");
  set(bob, {{"nick", "Алиса"}, {"bio", "hello"}});
  EXPECT_EQ(ids(alice, "ALI"), (Ids{alice.id()}));
  EXPECT_EQ(ids(alice, "äl"), (Ids{aline.id()}));
  EXPECT_EQ(ids(alice, "АЛИ"), (Ids{bob.id()}));
  EXPECT_EQ(ids(alice, "ice"), Ids());
  const Json reply = request_ok(alice.client, find_request("users", "b"));
  expect_ok(reply, 137);
  EXPECT_EQ(reply.at("users"), (Json::array({{{"id", bob.id()},
                                              {"name", "bob"},
                                              {"nick", "Алиса"},
                                              {"bio", "hello"},
                                              {"avatar", ""},
                                              {"state", "online"},
                                              {"friend", false},
                                              {"blocked", false}}})));
  EXPECT_FALSE(reply.contains("cursor"));
}

TEST_P(Find, PagesByNameAndListsEveryoneOnce) {
  User alice = new_user("alice");
  Ids expected;
  for (int i = 0; i < 45; ++i) {
    User user = new_user("member " + std::to_string(10 + i));
    if (i % 2 == 0) set(user, {{"nick", "mem"}});  // sorts before all names
    if (i % 3 == 0) set(user, {{"nick", "member x" + std::to_string(i)}});  // after all names
    expected.push_back(user.id());
  }
  int pages = 0;
  const auto items = all(alice, "users", "MEM", &pages);
  EXPECT_EQ(pages, 3);
  Ids found;
  std::vector<std::string> order;
  for (const Json& item : items) {
    found.push_back(item.at("id"));
    order.push_back(item.at("nick") == "mem" ? "mem" : item.at("name").get<std::string>());
  }
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(found.size(), expected.size());
  EXPECT_EQ(std::set(found.begin(), found.end()), std::set(expected.begin(), expected.end()));
}

TEST_P(Find, ListsAnExactIdFirstAndOnce) {
  User alice = new_user("alice");
  const std::string id = std::to_string(alice.id());
  User named = new_user(id);
  User longer = new_user(id + "7");
  set(alice, {{"nick", id + " is me"}});
  EXPECT_EQ(ids(named, id), (Ids{alice.id(), named.id(), longer.id()}));
  EXPECT_EQ(ids(named, "0" + id), Ids());
  EXPECT_EQ(ids(named, "99999999999999999999"), Ids());
}

TEST_P(Find, TheIndexFollowsNicksAndDeletions) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  set(bob, {{"nick", "Robert"}});
  EXPECT_EQ(ids(alice, "rob"), (Ids{bob.id()}));
  set(bob, {{"nick", "Bobby"}});
  EXPECT_EQ(ids(alice, "rob"), Ids());
  EXPECT_EQ(ids(alice, "bob"), (Ids{bob.id()}));
  request_ok(bob.client, {{"msgid", 27}, {"password", bob.account.password}});
  EXPECT_EQ(ids(alice, "bob"), Ids());
  EXPECT_EQ(ids(alice, std::to_string(bob.id())), Ids());
}

TEST_P(Find, WhoHidesItsProfileIsFoundByNameAndShowsNothing) {
  User alice = new_user("alice");
  User nobody = new_user("nobody's friend");
  User blocker = new_user("now a blocker");
  set(nobody, {{"nick", "Secret one"}, {"who_may_add", "nobody"}});
  set(blocker, {{"nick", "Secret two"}});
  execute("INSERT INTO block (userid, blocked, created_at) VALUES (" +
          std::to_string(blocker.id()) + ", " + std::to_string(alice.id()) + ", 1)");
  EXPECT_EQ(ids(alice, "secret"), Ids());
  for (const User* hidden : {&nobody, &blocker}) {
    const auto items = all(alice, "users", hidden->account.name);
    ASSERT_EQ(items.size(), 1u);
    EXPECT_EQ(items[0], (Json{{"id", hidden->id()},
                              {"name", hidden->account.name},
                              {"friend", false},
                              {"blocked", false}}));
  }
  EXPECT_EQ(ids(nobody, "secret"), (Ids{nobody.id(), blocker.id()}));
}

// More rows than one request reads, all of them nicks that must not be shown.
TEST_P(Find, CursorsDoNotShowHiddenNicks) {
  User alice = new_user("alice");
  std::string users;
  std::string rows;
  for (int i = 20000; i < 20320; ++i) {
    const std::string id = std::to_string(i);
    users += (users.empty() ? "(" : ",(") + id + ",'u" + id + "','u" + id + "','x',1,'Secret " +
             id + "','nobody')";
    rows += (rows.empty() ? "('secret " : ",('secret ") + id + "'," + id + ")";
  }
  execute("INSERT INTO user (id, name, name_key, password, created_at, nick, who_may_add) VALUES " +
          users);
  execute("INSERT INTO usersearch (fold, userid) VALUES " + rows);
  User zoe = new_user("secretary");
  const Json first = request_ok(alice.client, find_request("users", "secret"));
  EXPECT_EQ(first.at("users"), Json::array());
  const std::string cursor = first.at("cursor");
  EXPECT_EQ(cursor.find("secret"), std::string::npos) << cursor;
  EXPECT_EQ(ids(alice, "secret"), (Ids{zoe.id()}));
  Json other = find_request("users", "alice");
  other["cursor"] = cursor;
  expect_refused(alice.client, other, errors::kBadField);
  Json forged = find_request("users", "secret");
  forged["cursor"] = cursor.substr(0, cursor.size() - 2) + (cursor.ends_with("00") ? "11" : "00");
  expect_refused(alice.client, forged, errors::kBadField);
  // One that names a place of one's own choice would tell whether hidden names come after it.
  forged["cursor"] = std::to_string(zoe.id()) + ".secret";
  expect_refused(alice.client, forged, errors::kBadField);
}

TEST_P(Find, FindsGroupsThatMayBeJoined) {
  User alice = new_user("alice");
  const std::int64_t open = alice.create_group("Tea", "afternoon talk");
  const std::int64_t approval = alice.create_group("tea 2");
  const std::int64_t invite = alice.create_group("tea 3");
  const std::int64_t dismissed = alice.create_group("tea 4");
  execute("UPDATE allgroup SET joining = 'approval' WHERE id = " + std::to_string(approval));
  execute("UPDATE allgroup SET joining = 'invite' WHERE id = " + std::to_string(invite));
  execute("UPDATE allgroup SET dismissed_at = 1 WHERE id = " + std::to_string(dismissed));
  User bob = new_user("bob");
  const auto items = all(bob, "groups", "TEA");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0], (Json{{"id", open},
                            {"groupname", "Tea"},
                            {"groupdesc", "afternoon talk"},
                            {"joining", "open"}}));
  EXPECT_EQ(items[1].at("joining"), "approval");
  EXPECT_EQ(ids(bob, std::to_string(open), "groups"), (Ids{open}));
  EXPECT_EQ(ids(alice, std::to_string(invite), "groups"), Ids());
  EXPECT_EQ(ids(bob, "alice", "groups"), Ids());
}

// More rows than one request reads lead to nothing.
TEST_P(Find, ContinuesBehindManyGroupsThatAreNotFound) {
  User alice = new_user("alice");
  const std::int64_t first = alice.create_group("club a");
  const std::int64_t last = alice.create_group("club c");
  std::string groups;
  std::string rows;
  for (int i = 1000; i < 1320; ++i) {
    const std::string id = std::to_string(i);
    groups +=
        (groups.empty() ? "(" : ",(") + id + ",'club b" + id + "','club b" + id + "','invite')";
    rows += (rows.empty() ? "('club b" : ",('club b") + id + "'," + id + ")";
  }
  execute("INSERT INTO allgroup (id, groupname, name_key, joining) VALUES " + groups);
  execute("INSERT INTO groupsearch (fold, groupid) VALUES " + rows);
  EXPECT_EQ(ids(alice, "club", "groups"), (Ids{first, last}));
}

TEST_P(Find, RefusesUnknownKindsQueriesAndCursors) {
  User alice = new_user("alice");
  for (const Json& more :
       {Json{{"kind", "friends"}}, Json{{"query", ""}}, Json{{"query", " x"}}, Json{{"query", 7}},
        Json{{"cursor", ""}}, Json{{"cursor", "x"}}, Json{{"cursor", "7"}},
        Json{{"cursor", "7.other"}}, Json{{"cursor", "-7.al"}}, Json{{"cursor", "7 .al"}}}) {
    Json request = find_request("users", "AL");
    request.update(more);
    expect_refused(alice.client, request, errors::kBadField);
  }
}

// As an earlier version stored them.
TEST_P(Find, OlderNamesAreFoundSoonAfterTheStart) {
  const Account alice = register_account("alice");
  server.terminate();
  execute("DELETE FROM usersearch");
  execute("DELETE FROM searchscan");
  execute("INSERT INTO searchscan (kind, last_id) VALUES ('user', 0), ('group', 0)");
  execute(
      "INSERT INTO user (id, name, name_key, password, created_at)"
      " VALUES (50000, 'Älter', 'Älter', 'x', 1)");
  execute("INSERT INTO allgroup (id, groupname, name_key) VALUES (7, 'ÄLTEST', 'ÄLTEST')");
  server.start();
  User user = log_in(alice);
  EXPECT_TRUE(wait_until([&] { return ids(user, "ÄL") == Ids{50000}; }));
  EXPECT_TRUE(wait_until([&] { return ids(user, "äl", "groups") == Ids{7}; }));
  EXPECT_EQ(ids(user, "alice"), (Ids{alice.id}));
}

class FindRate : public Find {
 protected:
  FindRate() : Find(Settings{"limits.find_per_minute=3"}) {}
};
CHAT_RUN_IN_BOTH_FRAMINGS(FindRate);

TEST_P(FindRate, IsLimitedPerAccount) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  for (int i = 0; i < 3; ++i) request_ok(alice.client, find_request("users", "a"));
  expect_refused(alice.client, find_request("groups", "a"), errors::kRateLimited);
  User again = log_in(alice.account, {{"takeover", true}});
  const Json refused = again.client.request(find_request("users", "a"));
  EXPECT_EQ(refused.at("errno"), 30);
  EXPECT_LE(refused.at("retry_after_ms"), 20'000);
  request_ok(bob.client, find_request("users", "a"));
}

}  // namespace
}  // namespace chat::test

#pragma once

#include <cstdint>
#include <string>

#include "support/clients/expect.h"
#include "support/clients/user.h"
#include "support/test_storage.h"

// Requests about friends and blocks, for the tests of people.
namespace chat::test {

inline constexpr int kContactPush = 201;
inline constexpr const char* kNotAccepted = "this user does not accept messages from you";

inline Json ask_request(std::int64_t other, const std::string& text = "") {
  Json request = {{"msgid", 7}, {"friendid", other}};
  if (!text.empty()) request["text"] = text;
  return request;
}
inline Json answer_request(std::int64_t other, bool accept) {
  return {{"msgid", 32}, {"userid", other}, {"accept", accept}};
}
inline Json remove_request(std::int64_t other) {
  return {{"msgid", 33}, {"friendid", other}};
}
inline Json block_request(std::int64_t other, bool blocked = true) {
  return {{"msgid", 34}, {"userid", other}, {"blocked", blocked}};
}

// The whole list of this kind, over all pages.
inline Json list_of(User& user, const std::string& kind) {
  Json request = {{"msgid", 31}, {"kind", kind}};
  Json all = Json::array();
  for (;;) {
    const Json reply = request_ok(user.client, request);
    for (const Json& item : reply.at(kind)) all.push_back(item);
    if (!reply.contains("cursor")) return all;
    request["cursor"] = reply["cursor"];
  }
}
inline bool lists_friend(User& user, std::int64_t other) {
  for (const Json& item : list_of(user, "friends")) {
    if (item.at("id") == other) return true;
  }
  return false;
}

// Sets a column of the user's row, as SET_PROFILE would. Servers that have looked the user up
// recently may not see it.
inline void set_policy(const TestStorage& storage, std::int64_t user, const std::string& column,
                       const std::string& value) {
  storage.execute("UPDATE user SET contact_rev = contact_rev + 1, " + column + " = '" + value +
                  "' WHERE id = " + std::to_string(user));
}

// Inserts the rows of a SELECT from n, whose i counts from 0 to `count` - 1. Over the wire, many
// users would take minutes.
inline void insert_numbered(const TestStorage& storage, int count, const std::string& into,
                            const std::string& select) {
  storage.execute((on_mysql() ? "SET max_recursive_iterations = 5000; " : "") +
                  ("INSERT INTO " + into) +
                  " WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                  std::to_string(count - 1) + ") " + select);
}
// Users with the ids from 10000 on and the names u0, u1 …
inline void insert_users(const TestStorage& storage, int count) {
  const std::string name = on_mysql() ? "concat('u', i)" : "'u' || i";
  insert_numbered(storage, count, "user (id, name, name_key, password, created_at, who_may_add)",
                  "SELECT 10000 + i, " + name + ", " + name + ", 'x', 1, 'approval' FROM n");
}

inline void expect_contact(User& user, const User& about, const std::string& event) {
  const Json push = user.client.push(kContactPush);
  EXPECT_EQ(push.at("id"), about.id()) << push;
  EXPECT_EQ(push.at("name"), about.account.name) << push;
  EXPECT_EQ(push.at("event"), event) << push;
}

inline void expect_chat_refused(User& from, std::int64_t to, const std::string& why) {
  const Json reply =
      expect_refused(from.client, chat_request(from.account, to, "hello"), errors::kNotAllowed);
  EXPECT_EQ(reply.at("errmsg"), why);
}

}  // namespace chat::test

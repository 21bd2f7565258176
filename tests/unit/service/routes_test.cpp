#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "chat/protocol/messages/catalogue.h"
#include "chat/protocol/request.h"
#include "service/dispatch/route.h"

namespace chat::service {
namespace {

using protocol::Errno;

constexpr UserId kNobody{};
constexpr UserId kAlice{7};

template <typename... Message>
Errno answer_of(const Route& route, protocol::Request& request, UserId user,
                std::type_identity<std::tuple<Message...>>) {
  Errno code = Errno::kUnknownMsgid;
  const auto try_one = [&]<typename Each>(std::type_identity<Each>) {
    if (route.msgid != Each::kMsgid) return;
    const auto typed = read_request<Each>(route.access, request, user);
    code = typed ? Errno::kOk : typed.error().code;
  };
  (try_one(std::type_identity<Message>()), ...);
  return code;
}

// The table's answer: the errno, or kOk if the handler would be called.
Errno answer(const std::string& json, UserId user) {
  auto request = protocol::parse_request(json);
  EXPECT_TRUE(request) << json;
  if (!request) return Errno::kBadJson;
  const Route* route = route_of(request->msgid);
  if (route == nullptr) return Errno::kUnknownMsgid;
  return answer_of(*route, *request, user, std::type_identity<protocol::messages::Requests>());
}

// One msgid: a valid request (the fields after the msgid), its result in each login state, and its
// required fields.
struct Row {
  int msgid;
  std::string fields;
  Errno anonymous;
  Errno logged_in;
  std::vector<std::string> required;
  std::vector<std::string> texts;     // fields that hold text
  std::vector<std::string> integers;  // fields that hold an id or a number
  std::vector<std::string> flags;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {1,
       R"("id":7,"name":"a","password":"secret-1","takeover":true,"ack":true,"heartbeat":true)",
       Errno::kOk,
       Errno::kAlreadyLoggedIn,
       {},
       {"name", "password", "token"},
       {"id"},
       {"takeover", "ack", "heartbeat"}},
      {3, R"("id":7)", Errno::kNotLoggedIn, Errno::kOk, {}, {}, {"id"}, {}},
      {4,
       R"("name":"a","password":"secret-1")",
       Errno::kOk,
       Errno::kOk,
       {"name", "password"},
       {"name", "password"},
       {},
       {}},
      {6,
       R"("id":7,"name":"a","toid":8,"msg":"x","time":"t")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"toid", "msg"},
       {"name", "time", "msg"},
       {"id", "toid"},
       {}},
      {7,
       R"("id":7,"friendid":8,"text":"hi")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"friendid"},
       {"text"},
       {"id", "friendid"},
       {}},
      {8,
       R"("id":7,"groupname":"g","groupdesc":"d")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupname"},
       {"groupname", "groupdesc"},
       {"id"},
       {}},
      {9,
       R"("id":7,"groupid":8,"text":"t")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {},
       {"text", "code"},
       {"id", "groupid"},
       {}},
      {10,
       R"("id":7,"name":"a","groupid":8,"msg":"x","time":"t")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid", "msg"},
       {"name", "time", "msg"},
       {"id", "groupid"},
       {}},
      {20,
       R"("client":"c","version":"1")",
       Errno::kOk,
       Errno::kOk,
       {},
       {"client", "version"},
       {},
       {}},
      {21, "", Errno::kOk, Errno::kOk, {}, {}, {}, {}},
      {22,
       R"("id":7,"from":8,"seq":1)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"seq"},
       {},
       {"id", "from", "groupid", "seq"},
       {}},
      {23,
       R"("id":7,"groupid":8,"seq":1)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"seq"},
       {},
       {"id", "from", "groupid", "seq"},
       {}},
      {24,
       R"("id":7,"from":8,"after":0)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {},
       {},
       {"id", "from", "groupid", "after"},
       {}},
      {25,
       R"("id":7,"with":8,"limit":9,"cursor":"c")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {},
       {"cursor"},
       {"id", "with", "groupid", "limit"},
       {}},
      {26,
       R"("id":7,"password":"secret-1","new_password":"secret-2")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"password", "new_password"},
       {"password", "new_password"},
       {"id"},
       {}},
      {27,
       R"("id":7,"password":"secret-1")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"password"},
       {"password"},
       {"id"},
       {}},
      {28, R"("id":7)", Errno::kNotLoggedIn, Errno::kOk, {}, {}, {"id"}, {}},
      {29,
       R"("id":7,"session":"0123","others":true)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {},
       {"session"},
       {"id"},
       {"others"}},
      {30,
       R"("id":7,"groupid":8,"cursor":"c")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid"},
       {"cursor"},
       {"id", "groupid"},
       {}},
      {31,
       R"("id":7,"kind":"friends","cursor":"c")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"kind"},
       {"kind", "cursor"},
       {"id"},
       {}},
      {32,
       R"("id":7,"userid":8,"accept":true)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"userid", "accept"},
       {},
       {"id", "userid"},
       {"accept"}},
      {33,
       R"("id":7,"friendid":8)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"friendid"},
       {},
       {"id", "friendid"},
       {}},
      {34,
       R"("id":7,"userid":8,"blocked":false)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"userid", "blocked"},
       {},
       {"id", "userid"},
       {"blocked"}},
      {35,
       R"("id":7,"userid":8,"name":"a")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {},
       {"name"},
       {"id", "userid"},
       {}},
      {36,
       R"("id":7,"nick":"n","bio":"b","avatar":"a","who_may_add":"nobody","who_may_chat":"friends")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {},
       {"nick", "bio", "avatar", "who_may_add", "who_may_chat"},
       {"id"},
       {}},
      {37,
       R"("id":7,"kind":"users","query":"q","cursor":"c")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"kind", "query"},
       {"kind", "query", "cursor"},
       {"id"},
       {}},
      {40,
       R"("id":7,"groupid":8)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid"},
       {},
       {"id", "groupid"},
       {}},
      {41,
       R"("id":7,"groupid":8,"userid":9)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid", "userid"},
       {},
       {"id", "groupid", "userid"},
       {}},
      {42,
       R"("id":7,"groupid":8,"userid":9,"role":"admin")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid", "userid", "role"},
       {"role"},
       {"id", "groupid", "userid"},
       {}},
      {43,
       R"("id":7,"groupid":8,"userid":9,"seconds":60)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid", "seconds"},
       {},
       {"id", "groupid", "userid", "seconds"},
       {}},
      {44,
       R"("id":7,"groupid":8,"groupname":"g","groupdesc":"d","announcement":"a","joining":"open")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid"},
       {"groupname", "groupdesc", "announcement", "joining"},
       {"id", "groupid"},
       {}},
      {45,
       R"("id":7,"groupid":8,"userid":9,"accept":true)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid", "userid", "accept"},
       {},
       {"id", "groupid", "userid"},
       {"accept"}},
      {46,
       R"("id":7,"groupid":8,"userid":9)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid"},
       {},
       {"id", "groupid", "userid"},
       {}},
      {47,
       R"("id":7,"groupid":8)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid"},
       {},
       {"id", "groupid"},
       {}},
      {50,
       R"("id":7,"toid":8,"seq":9)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"seq"},
       {},
       {"id", "toid", "groupid", "seq"},
       {}},
      {51,
       R"("id":7,"groupid":8,"seq":9,"msg":"text")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"seq", "msg"},
       {"msg"},
       {"id", "toid", "groupid", "seq"},
       {}},
      {52,
       R"("id":7,"groupid":8,"on":true)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"on"},
       {},
       {"id", "toid", "groupid"},
       {"on"}},
      {53,
       R"("id":7,"groupid":8,"seq":1,"cursor":"c")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {"groupid", "seq"},
       {"cursor"},
       {"id", "groupid", "seq"},
       {}},
      {54,
       R"("id":7,"limit":9,"cursor":"c")",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {},
       {"cursor"},
       {"id", "limit"},
       {}},
      {55,
       R"("id":7,"with":8,"pinned":true,"muted":false,"hidden":false)",
       Errno::kNotLoggedIn,
       Errno::kOk,
       {},
       {},
       {"id", "with", "groupid"},
       {"pinned", "muted", "hidden"}},
  };
  return all;
}

std::string request(const Row& row, const std::string& fields) {
  return "{\"msgid\":" + std::to_string(row.msgid) + (fields.empty() ? "" : ",") + fields + "}";
}

// The row's fields without `name`, or with another value for it.
std::string fields_with(const Row& row, const std::string& name, const std::string& value) {
  const auto parsed = protocol::parse_request(request(row, row.fields));
  std::string fields;
  const auto add = [&fields](const std::string& key, const std::string& json) {
    fields += (fields.empty() ? "\"" : ",\"") + key + "\":" + json;
  };
  for (const auto& [key, item] : parsed->fields) {
    if (key == name || key == "msgid") continue;
    if (const auto* text = std::get_if<std::string>(&item)) {
      add(key, "\"" + *text + "\"");
    } else if (const auto* flag = std::get_if<bool>(&item)) {
      add(key, *flag ? "true" : "false");
    } else {
      add(key, std::to_string(std::get<std::int64_t>(item)));
    }
  }
  if (!value.empty()) add(name, value);
  return fields;
}

// In a login state that allows the request.
UserId allowed_user(const Row& row) {
  return row.anonymous == Errno::kOk ? kNobody : kAlice;
}

TEST(Routes, AreAscendingAndUnique) {
  int last = 0;
  for (const Route& route : routes()) {
    EXPECT_GT(static_cast<int>(route.msgid), last);
    last = static_cast<int>(route.msgid);
    EXPECT_NE(route.handle, nullptr);
    EXPECT_EQ(route_of(last), &route);
  }
}

TEST(Routes, AllAreCoveredHere) {
  std::vector<int> in_table;
  std::vector<int> here;
  for (const Route& route : routes()) in_table.push_back(static_cast<int>(route.msgid));
  for (const Row& row : rows()) here.push_back(row.msgid);
  EXPECT_EQ(in_table, here);
}

TEST(Routes, UnknownMsgidsHaveNone) {
  for (const int msgid : {-1, 0, 2, 5, 11, 19, 100, 106, 200, 204, 2147483647}) {
    EXPECT_EQ(route_of(msgid), nullptr) << msgid;
  }
}

TEST(Routes, OnlyRequestsAnsweredFromMemoryAreQuick) {
  for (const Route& route : routes()) {
    switch (route.msgid) {
      case protocol::Msgid::kHello:
      case protocol::Msgid::kPing:
      case protocol::Msgid::kOneChat:
      case protocol::Msgid::kGroupChat:
      case protocol::Msgid::kDelivered:
      case protocol::Msgid::kRead:
      case protocol::Msgid::kTyping: EXPECT_FALSE(route.blocks); break;
      default: EXPECT_TRUE(route.blocks) << static_cast<int>(route.msgid);
    }
  }
}

TEST(Routes, RequestsWithAPasswordCostASearchOrAHash) {
  for (const Route& route : routes()) {
    const std::vector<int> expected = {1, 4, 26, 27};
    const bool costs = std::count(expected.begin(), expected.end(), static_cast<int>(route.msgid));
    EXPECT_EQ(route.carries_credentials, costs) << static_cast<int>(route.msgid);
  }
}

TEST(Preconditions, LoginStateDecidesFirst) {
  for (const Row& row : rows()) {
    EXPECT_EQ(answer(request(row, row.fields), kNobody), row.anonymous) << row.msgid;
    EXPECT_EQ(answer(request(row, row.fields), kAlice), row.logged_in) << row.msgid;
    // Even if the fields are wrong.
    const std::string wrong = fields_with(row, "cid", "17");
    if (row.anonymous != Errno::kOk) {
      EXPECT_EQ(answer(request(row, wrong), kNobody), row.anonymous) << row.msgid;
    }
    if (row.logged_in != Errno::kOk) {
      EXPECT_EQ(answer(request(row, wrong), kAlice), row.logged_in) << row.msgid;
    }
  }
}

TEST(Preconditions, MissingFieldsAreBad) {
  for (const Row& row : rows()) {
    for (const std::string& name : row.required) {
      EXPECT_EQ(answer(request(row, fields_with(row, name, "")), allowed_user(row)),
                Errno::kBadField)
          << row.msgid << " " << name;
    }
  }
}

// The other integers are counts and positions, which may be 0 or big.
bool is_id(const std::string& field) {
  return field != "seq" && field != "after" && field != "limit" && field != "seconds";
}

TEST(Preconditions, WrongTypesAreBad) {
  const auto expect_bad = [](const Row& row, const std::string& name, const std::string& value) {
    EXPECT_EQ(answer(request(row, fields_with(row, name, value)), allowed_user(row)),
              Errno::kBadField)
        << row.msgid << " " << name << " " << value;
  };
  for (const Row& row : rows()) {
    for (const auto& name : row.texts) {
      for (const char* value : {"1", "true", "null", "[]", "{}"}) expect_bad(row, name, value);
    }
    for (const auto& name : row.integers) {
      for (const char* value : {"\"1\"", "true", "null", "[]", "1.5", "1e2", "-1"}) {
        expect_bad(row, name, value);
      }
      if (!is_id(name)) continue;
      for (const char* value : {"0", "2147483648", "4294967303"}) expect_bad(row, name, value);
    }
    for (const auto& name : row.flags) {
      for (const char* value : {"1", "\"true\"", "null"}) expect_bad(row, name, value);
    }
    for (const char* value :
         {"1", "\"\"", "\"a\\u0007\"", "\"1234567890123456789012345678901234567\""}) {
      expect_bad(row, "cid", value);
    }
  }
}

TEST(Preconditions, NobodySpeaksForSomebodyElse) {
  for (const Row& row : rows()) {
    if (row.anonymous != Errno::kNotLoggedIn) continue;
    EXPECT_EQ(answer(request(row, fields_with(row, "id", "8")), kAlice), Errno::kNotAllowed)
        << row.msgid;
    EXPECT_EQ(answer(request(row, fields_with(row, "id", "")), kAlice), Errno::kOk) << row.msgid;
  }
}

TEST(Preconditions, FieldsComeBeforeIdentity) {
  EXPECT_EQ(answer(R"({"msgid":7,"id":8,"friendid":"x"})", kAlice), Errno::kBadField);
}

TEST(Preconditions, UnknownFieldsAreIgnored) {
  for (const Row& row : rows()) {
    EXPECT_EQ(answer(request(row, fields_with(row, "whatever", "[1,{}]")), allowed_user(row)),
              Errno::kOk)
        << row.msgid;
  }
}

// A request that uses the database is bounded by the rate of acts or reads, unless it has a limit
// of its own.
TEST(Charges, EveryRequestThatUsesTheDatabaseIsBounded) {
  const std::vector<int> bounded_elsewhere{1, 3, 4, 24, 25, 26, 27, 37};
  for (const Route& route : routes()) {
    const int msgid = static_cast<int>(route.msgid);
    const bool elsewhere =
        std::binary_search(bounded_elsewhere.begin(), bounded_elsewhere.end(), msgid);
    EXPECT_EQ(route.charge != Charge::kNothing, route.blocks && !elsewhere) << msgid;
  }
}

}  // namespace
}  // namespace chat::service

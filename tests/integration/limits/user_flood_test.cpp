// Abuse of every kind by logged-in users, each on a separate connection, beside two normal users.
#include <functional>

#include "flood_fixture.h"

namespace chat::test {
namespace {

constexpr int kFlooders = 20;

// What each of them sends; all are in `group`.
struct UserFlood {
  const char* name;
  std::function<std::string(std::int64_t group, const Account& self)> requests;
};

// Makes new things, so many that it lasts.
std::string new_groups(std::int64_t, const Account& account) {
  std::string out;
  for (int i = 0; i < 500; ++i) {
    out += line(create_group_request(account, account.name + " " + std::to_string(i)));
  }
  return out;
}
std::string new_friends(std::int64_t, const Account& account) {
  std::string out;
  for (int i = 3; i <= kFlooders + 2; ++i) out += line(add_friend_request(account, i));
  return out;
}

// By password.
std::string coming_and_going(std::int64_t, const Account& account) {
  return line(logout_request(account)) + line(login_request(account));
}

std::vector<UserFlood> user_floods() {
  const auto the_same = [](const Json& request) {
    return [request](std::int64_t, const Account&) { return repeated(line(request), 100); };
  };
  return {
      {"own_chats",
       [](std::int64_t, const Account& self) {
         return line(chat_request(self, self.id, repeated("x", 4000)));
       }},
      {"group_chats",
       [](std::int64_t group, const Account& self) {
         return line(group_chat_request(self, group, "hello"));
       }},
      {"histories",
       [](std::int64_t, const Account& self) {
         return line({{"msgid", 25}, {"with", self.id}, {"limit", 100}});
       }},
      {"group_histories",
       [](std::int64_t group, const Account&) {
         return line({{"msgid", 25}, {"groupid", group}, {"limit", 100}});
       }},
      {"syncs", the_same({{"msgid", 24}, {"after", 0}})},
      {"friends_lists", the_same({{"msgid", 31}, {"kind", "friends"}})},
      {"groups_lists", the_same({{"msgid", 31}, {"kind", "groups"}})},
      {"sessions", the_same({{"msgid", 28}})},
      {"group_members",
       [](std::int64_t group, const Account&) {
         return line({{"msgid", 30}, {"groupid", group}});
       }},
      {"delivered",
       [](std::int64_t, const Account& self) { return line(delivered_request(self.id, 1)); }},
      {"reads",
       [](std::int64_t, const Account& self) {
         return line({{"msgid", 23}, {"from", self.id}, {"seq", 1}});
       }},
      {"new_groups", new_groups},
      {"new_friends", new_friends},
      {"join_group", [](std::int64_t group,
                        const Account& self) { return line(join_group_request(self, group)); }},
      {"wrong_passwords",
       the_same({{"msgid", 26}, {"password", "wrong!"}, {"new_password", "new secret"}})},
      {"coming_and_going", coming_and_going},
  };
}

class UserFloods : public BesideAFlood, public ::testing::WithParamInterface<UserFlood> {
 protected:
  // They reconnect with their tokens.
  std::vector<Hose::Stream> flooders() {
    std::vector<Hose::Stream> streams;
    std::int64_t group = 0;
    for (int i = 0; i < kFlooders; ++i) {
      User user = new_user("flooder " + std::to_string(i));
      if (i == 0) group = user.create_group("the group");
      if (i > 0) user.join_group(group);
      for (int chat = 0; chat < 20; ++chat) user.chat(user.id(), repeated("x", 3000));
      user.group_chat(group, repeated("x", 3000));
      Hose::Stream stream{GetParam().requests(group, user.account)};
      stream.first = line(
          {{"msgid", 1}, {"token", user.welcome.at("token")}, {"takeover", true}, {"ack", true}});
      streams.push_back(std::move(stream));
    }
    return streams;
  }
};

std::string user_flood_name(const ::testing::TestParamInfo<UserFlood>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Kinds, UserFloods, ::testing::ValuesIn(user_floods()), user_flood_name);

TEST_P(UserFloods, DoNotAffectOtherUsers) {
  Hose hose(port(), flooders());
  expect_not_to_notice(GetParam().name, hose, std::chrono::seconds(2), milliseconds(500));
  EXPECT_GT(hose.bytes_sent(), 100'000) << "that was no flood";
}

}  // namespace
}  // namespace chat::test

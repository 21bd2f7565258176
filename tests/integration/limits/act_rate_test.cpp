// limits.acts_per_minute: requests about friends, blocks, groups and profiles, and the reads.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/people/contact_requests.h"
#include "integration/server_fixture.h"
#include "support/clients/classic_client.h"

namespace chat::test {
namespace {

// Two acts a minute: a burst of 4, and of 40 reads.
constexpr int kActBurst = 4;
constexpr int kReadBurst = 40;

class ActRate : public InBothFramings {
 protected:
  ActRate() : InBothFramings(Settings{"limits.acts_per_minute=2"}) {}

  static void expect_limited(User& user, const Json& request) {
    const Json refused = expect_refused(user.client, request, errors::kRateLimited);
    EXPECT_GT(refused.at("retry_after_ms"), 20'000);
    EXPECT_LE(refused.at("retry_after_ms"), 30'000);
  }
  static void use_up_acts(User& user, std::int64_t other) {
    for (int i = 0; i < kActBurst; ++i) request_ok(user.client, block_request(other, false));
  }

  User alice = new_user("alice");
  User bob = new_user("bob");
};
CHAT_RUN_IN_BOTH_FRAMINGS(ActRate);

TEST_P(ActRate, RepeatsThatChangeNothingCountToo) {
  use_up_acts(alice, bob.id());
  expect_limited(alice, block_request(bob.id(), true));
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM block"), 0);
}

TEST_P(ActRate, EveryActIsLimited) {
  const std::int64_t group = bob.create_group("tea");
  use_up_acts(alice, bob.id());
  const std::vector<Json> acts{
      ask_request(bob.id()),
      create_group_request(alice.account, "chess"),
      join_group_request(alice.account, group),
      {{"msgid", 29}, {"others", true}},
      answer_request(bob.id(), true),
      remove_request(bob.id()),
      {{"msgid", 36}, {"nick", "Queen"}},
      {{"msgid", 40}, {"groupid", group}},
      {{"msgid", 41}, {"groupid", group}, {"userid", bob.id()}},
      {{"msgid", 42}, {"groupid", group}, {"userid", bob.id()}, {"role", "admin"}},
      {{"msgid", 43}, {"groupid", group}, {"seconds", 1}},
      {{"msgid", 44}, {"groupid", group}, {"groupdesc", "x"}},
      {{"msgid", 45}, {"groupid", group}, {"userid", bob.id()}, {"accept", true}},
      {{"msgid", 46}, {"groupid", group}, {"userid", bob.id()}},
      {{"msgid", 47}, {"groupid", group}},
  };
  for (const Json& act : acts) expect_limited(alice, act);
}

TEST_P(ActRate, IsTheAccountsWhateverItsConnection) {
  use_up_acts(alice, bob.id());
  User again = log_in(alice.account, {{"takeover", true}});
  expect_limited(again, ask_request(bob.id()));
  request_ok(bob.client, ask_request(alice.id()));
}

TEST_P(ActRate, ActsOfAClassicClientCountToo) {
  use_up_acts(alice, bob.id());
  alice.log_out();
  ClassicClient classic(port());
  classic.log_in(alice.id(), alice.account.name);
  classic.send(create_group_request(alice.account, "chess"));
  classic.send(chat_request(alice.account, bob.id(), "after that"));
  EXPECT_EQ(bob.client.push(6).at("msg"), "after that");
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM allgroup"), 0);
}

TEST_P(ActRate, ChatsAndReadsGoOn) {
  use_up_acts(alice, bob.id());
  alice.chat(bob.id(), "hello");
  for (int i = 0; i < kReadBurst; ++i) list_of(alice, "friends");
}

TEST_P(ActRate, ReadsAreLimitedApart) {
  const std::int64_t group = alice.create_group("tea");
  const std::vector<Json> reads{{{"msgid", 28}},
                                {{"msgid", 30}, {"groupid", group}},
                                {{"msgid", 31}, {"kind", "friends"}},
                                {{"msgid", 35}, {"userid", bob.id()}}};
  for (int i = 0; i < kReadBurst; ++i) request_ok(alice.client, reads[i % reads.size()]);
  for (const Json& read : reads) {
    const Json refused = expect_refused(alice.client, read, errors::kRateLimited);
    EXPECT_LE(refused.at("retry_after_ms"), 3'000);
  }
  request_ok(alice.client, ask_request(bob.id()));
}

TEST_P(ActRate, RequestsWithBadFieldsAreRefusedAsSuch) {
  use_up_acts(alice, bob.id());
  expect_refused(alice.client, {{"msgid", 7}, {"friendid", "x"}}, errors::kBadField);
}

}  // namespace
}  // namespace chat::test

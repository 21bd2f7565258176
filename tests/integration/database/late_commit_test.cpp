// A commit is held up in the network, without an error, while its sender's session ends elsewhere,
// and then arrives: the database must refuse it. One that is merely slow is stored.
#include <string>

#include "integration/database/lost_answer_fixture.h"
#include "integration/people/contact_requests.h"

namespace chat::test {
namespace {

using Way = FaultProxy::Way;

// What of a chat is held up.
enum class Kind { kInsert, kFirstOfAStream, kGroup };

std::string name_of(Kind kind) {
  switch (kind) {
    case Kind::kInsert: return "DirectMessage";
    case Kind::kFirstOfAStream: return "FirstDirectMessage";
    case Kind::kGroup: return "GroupMessage";
  }
  return {};
}

class LateCommit : public WithLostAnswers, public ::testing::WithParamInterface<Kind> {
 protected:
  // alice's login is recent, so that she is not looked up again on the way of her next message.
  void SetUp() override {
    WithLostAnswers::SetUp();
    if (IsSkipped()) return;
    alice.emplace(user_on(0, "alice"));
    bob.emplace(user_on(1, "bob"));
    group = alice->create_group("tea");
    bob->join_group(group);
    if (GetParam() != Kind::kFirstOfAStream) alice->chat(bob->id(), "before");
  }
  Json chat() const {
    return GetParam() == Kind::kGroup
               ? group_chat_request(alice->account, group, "held up on its way", "late")
               : chat_request(alice->account, bob->id(), "held up on its way", "late");
  }
  void send_and_hold() {
    const bool group_message = GetParam() == Kind::kGroup;
    database(0).cut_next_commit_of(
        group_message ? "INSERT INTO groupmessage" : "INSERT INTO directmessage", Cut::kDelay);
    alice->client.send(chat());
    ASSERT_TRUE(wait_until([this] { return !database(0).cut_is_due(); }));
  }
  void let_through() { database(0).network().blackhole(Way::kToServer, false); }
  bool is_stored() {
    return number("SELECT COUNT(*) FROM directmessage WHERE cid = 'late'") +
               number("SELECT COUNT(*) FROM groupmessage WHERE cid = 'late'") !=
           0;
  }
  bool gets_stored() {
    return wait_until([this] { return is_stored(); }, milliseconds{1'000});
  }

  std::optional<User> alice;
  std::optional<User> bob;
  std::int64_t group = 0;
};
INSTANTIATE_TEST_SUITE_P(Of, LateCommit,
                         ::testing::Values(Kind::kInsert, Kind::kFirstOfAStream, Kind::kGroup),
                         [](const auto& kind) { return name_of(kind.param); });

TEST_P(LateCommit, OfASessionThatWasTakenOverIsNotStored) {
  send_and_hold();
  User newer = log_in_on(1, alice->account, taking_over());
  EXPECT_FALSE(is_stored());
  let_through();
  EXPECT_FALSE(gets_stored());
  EXPECT_EQ(request_patiently(newer.client, chat()).at("errno"), 0);
  EXPECT_TRUE(is_stored());
}

TEST_P(LateCommit, OfASlowNetworkIsStored) {
  database(0).network().set_latency(milliseconds{70});  // in each direction
  request_patiently(alice->client, chat());
  EXPECT_TRUE(is_stored());
}

TEST_P(LateCommit, OfAServerThatWasPausedIsStoredOnce) {
  send_and_hold();
  let_through();
  EXPECT_EQ(request_patiently(alice->client, chat()).at("errno"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM directmessage WHERE cid = 'late'") +
                number("SELECT COUNT(*) FROM groupmessage WHERE cid = 'late'"),
            1);
}

using LateDirectCommit = LateCommit;
INSTANTIATE_TEST_SUITE_P(Of, LateDirectCommit,
                         ::testing::Values(Kind::kInsert, Kind::kFirstOfAStream),
                         [](const auto& kind) { return name_of(kind.param); });

TEST_P(LateDirectCommit, ToSomebodyWhoHasBlockedTheSenderIsNotStored) {
  send_and_hold();
  request_ok(bob->client, block_request(alice->id()));
  const auto until = std::chrono::steady_clock::now() + milliseconds{1'000};
  wait_until([&] { return std::chrono::steady_clock::now() > until; });
  ASSERT_FALSE(is_stored());
  let_through();
  EXPECT_FALSE(gets_stored());
}

}  // namespace
}  // namespace chat::test

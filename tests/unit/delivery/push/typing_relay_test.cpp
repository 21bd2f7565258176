#include "delivery/push/typing_relay.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/cluster/local_bus.h"
#include "chat/storage/block_model.h"
#include "chat/storage/contact_model.h"
#include "support/fake_clock.h"
#include "support/session_rig.h"
#include "support/storage/storage_fixture.h"
#include "unit/delivery/push/delivery_node.h"

namespace chat::delivery {
namespace {

class TypingRelayTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
    carol_ = add_user("carol");
    group_ = add_group("tea", alice_);
    add_member(group_, bob_);
    here_ = std::make_unique<DeliveryNode>(database_, hub_);
    relay_ = std::make_unique<TypingRelay>(here_->pool, here_->router, clock_);
    typist_ = log_in(alice_, {group_});
  }
  void TearDown() override {
    relay_.reset();
    here_.reset();
    there_.reset();
  }

  test::SessionRig::Pair log_in(UserId user, const std::vector<GroupId>& groups = {},
                                const LoginOptions& options = {.acknowledges = true}) {
    return here_->log_in(user, groups, options);
  }
  void add(const Typing& typing) {
    if (relay_->take_turn(typing)) relay_->add({typing, typist_.session, "c"});
  }
  void type(UserId to, bool on = true) { add({alice_, to, {}, on}); }
  void type_in(GroupId group, bool on = true) { add({alice_, {}, group, on}); }
  bool work() {
    const bool due = relay_->due();
    if (due) relay_->work();
    return due;
  }
  static std::string pushed(UserId to, bool on = true) {
    return R"({"msgid":205,"id":1,"toid":)" + std::to_string(to.value) +
           (on ? R"(,"on":true})" : R"(,"on":false})");
  }
  // Everything that the session is sent before a line that is sent now. Loops work in order, but a
  // group's push crosses loops twice.
  std::vector<std::string> lines(test::SessionRig::Pair& pair, DeliveryNode* node = nullptr) {
    DeliveryNode& its = node == nullptr ? *here_ : *node;
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < its.rig.loops().size(); ++i) {
        std::promise<void> passed;
        its.rig.loops().post(i, [&passed] { passed.set_value(); });
        passed.get_future().wait();
      }
    }
    pair.session->post_to_loop([session = pair.session] { session->socket().send("end"); });
    std::vector<std::string> all;
    for (auto line = pair.peer->line(); line && *line != "end"; line = pair.peer->line()) {
      all.push_back(*line);
    }
    return all;
  }
  using Lines = std::vector<std::string>;

  cluster::LocalHub hub_;
  test::FakeClock clock_;
  std::unique_ptr<DeliveryNode> here_;
  std::unique_ptr<DeliveryNode> there_;
  std::unique_ptr<TypingRelay> relay_;
  test::SessionRig::Pair typist_;
  UserId alice_;
  UserId bob_;
  UserId carol_;
  GroupId group_;
};

TEST_F(TypingRelayTest, PassesOnOnceInThreeSecondsAndEachEndOnce) {
  auto bob = log_in(bob_);
  for (int i = 0; i < 5; ++i) type(bob_);
  type(bob_, false);
  type(bob_, false);
  type(bob_);
  work();
  EXPECT_EQ(lines(bob), (Lines{pushed(bob_), pushed(bob_, false)}));
  clock_.advance(std::chrono::milliseconds(2999));
  type(bob_);
  EXPECT_FALSE(work()) << "nothing is passed on, so nothing is read";
  clock_.advance(std::chrono::milliseconds(1));
  type(bob_);
  work();
  EXPECT_EQ(lines(bob), Lines{pushed(bob_)});
  EXPECT_EQ(lines(typist_), Lines{});
}

TEST_F(TypingRelayTest, WhatAMessageHasOvertakenIsDropped) {
  auto bob = log_in(bob_, {group_});
  type(bob_);
  type_in(group_);
  relay_->overtake(alice_, bob_, {});
  relay_->overtake(bob_, {}, group_);  // of another sender
  work();
  EXPECT_EQ(lines(bob), Lines{R"({"msgid":205,"id":1,"groupid":1,"on":true})"});
  clock_.advance(TypingRelay::kEvery);
  type(bob_);
  work();
  EXPECT_EQ(lines(bob), Lines{pushed(bob_)});
}

TEST_F(TypingRelayTest, AnEndWithoutABeginningIsDropped) {
  type(bob_, false);
  EXPECT_FALSE(work());
}

TEST_F(TypingRelayTest, NinthChatWithinThreeSecondsIsDropped) {
  auto bob = log_in(bob_);
  for (int i = 0; i < 8; ++i) type(UserId{100 + i});
  type(bob_);
  work();
  EXPECT_EQ(lines(bob), Lines{});
  clock_.advance(std::chrono::seconds(3));
  type(bob_);
  work();
  EXPECT_EQ(lines(bob), Lines{pushed(bob_)});
}

TEST_F(TypingRelayTest, OnlyClientsThatAcknowledgeGetIt) {
  auto bob = log_in(bob_, {group_}, {.acknowledges = false});
  type(bob_);
  type_in(group_);
  work();
  EXPECT_EQ(lines(bob), Lines{});
}

TEST_F(TypingRelayTest, BlockedUsersAreRefused) {
  auto bob = log_in(bob_);
  ASSERT_TRUE(write([&]() -> Result<void> {
    auto blocked = storage::BlockModel(*connection_).insert(bob_, alice_, 1);
    if (!blocked) return fail(blocked);
    return storage::ContactModel(*connection_).bump(bob_);
  }));
  type(bob_);
  work();
  EXPECT_EQ(lines(bob), Lines{});
  const Lines told = lines(typist_);
  ASSERT_EQ(told.size(), 1U);
  const auto refusal = nlohmann::json::parse(told[0]);
  EXPECT_EQ(refusal.at("msgid"), 152);
  EXPECT_EQ(refusal.at("errno"), 22);
  EXPECT_EQ(refusal.at("cid"), "c");
  type(carol_);
  work();
  EXPECT_EQ(lines(typist_), Lines{}) << "others are not affected";
}

TEST_F(TypingRelayTest, OtherMembersGetItOnAllLoops) {
  auto bob = log_in(bob_, {group_}, {.loop = 1, .acknowledges = true});
  auto carol = log_in(carol_);
  type_in(group_);
  work();
  EXPECT_EQ(lines(bob), Lines{R"({"msgid":205,"id":1,"groupid":1,"on":true})"});
  EXPECT_EQ(lines(carol), Lines{});
  EXPECT_EQ(lines(typist_), Lines{});
}

TEST_F(TypingRelayTest, MutedMembersAndStrangersAreRefused) {
  auto bob = log_in(bob_, {group_});
  const auto refused = [this] {
    clock_.advance(std::chrono::seconds(3));
    type_in(group_);
    work();
    const Lines told = lines(typist_);
    return told.empty() ? 0 : nlohmann::json::parse(told[0]).at("errno").get<int>();
  };
  const std::string later = std::to_string(clock_.unix_millis() + 3'600'000);
  run("UPDATE groupuser SET muted_until = " + later + " WHERE userid = 1");
  EXPECT_EQ(refused(), 22);
  run("UPDATE groupuser SET muted_until = 0");
  run("UPDATE allgroup SET muted_until = " + later);
  EXPECT_EQ(refused(), 0) << "the creator may speak";
  EXPECT_EQ(lines(bob).size(), 1U);
  run("UPDATE groupuser SET grouprole = 'normal' WHERE userid = 1");
  EXPECT_EQ(refused(), 22);
  run("UPDATE allgroup SET muted_until = 0, dismissed_at = 5");
  EXPECT_EQ(refused(), 22);
  run("UPDATE allgroup SET dismissed_at = 0");
  run("UPDATE groupuser SET left_seq = 1 WHERE userid = 1");
  EXPECT_EQ(refused(), 23);
  EXPECT_EQ(lines(bob), Lines{});
}

TEST_F(TypingRelayTest, CrowdedGroupsGetNone) {
  auto bob = log_in(bob_, {group_});
  std::vector<test::SessionRig::Pair> others;
  while (others.size() + 2 < Router::kTypingOnlineMax) {
    const UserId user = add_user("user" + std::to_string(others.size()));
    add_member(group_, user);
    others.push_back(log_in(user, {group_}, {.loop = others.size() % 2}));
  }
  type_in(group_);
  work();
  EXPECT_EQ(lines(bob).size(), 1U);
  add_member(group_, carol_);
  auto carol = log_in(carol_, {group_}, {.loop = 1});
  clock_.advance(std::chrono::seconds(3));
  type_in(group_);
  work();
  EXPECT_EQ(lines(bob), Lines{});
}

TEST_F(TypingRelayTest, ReachesUsersOfOtherNodes) {
  there_ = std::make_unique<DeliveryNode>(database_, hub_);
  auto bob = there_->log_in(bob_, {group_}, {.acknowledges = true});
  type(bob_);
  type_in(group_);
  type_in(group_, false);
  work();
  Lines expected{pushed(bob_), R"({"msgid":205,"id":1,"groupid":1,"on":true})",
                 R"({"msgid":205,"id":1,"groupid":1,"on":false})"};
  for (const std::string& line : expected) EXPECT_EQ(bob.peer->line(), line);
}

TEST_F(TypingRelayTest, HintsOfOtherNodesAreShown) {
  auto bob = log_in(bob_, {group_});
  ASSERT_TRUE(
      here_->events.on_hints({{Hint::Kind::kTyping, bob_.value, alice_.value, "1"},
                              {Hint::Kind::kGroupTyping, group_.value, alice_.value, "0"}}));
  EXPECT_EQ(lines(bob), (Lines{pushed(bob_), R"({"msgid":205,"id":1,"groupid":1,"on":false})"}));
}

}  // namespace
}  // namespace chat::delivery

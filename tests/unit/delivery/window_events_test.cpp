#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "delivery/push/window.h"
#include "delivery_fixture.h"

namespace chat::delivery {
namespace {

using Seqs = std::vector<Seq>;

// A client that reads nothing until received() is called, after more than the server keeps unread.
class WindowEventsTest : public DeliveryTest {
 protected:
  void SetUp() override {
    DeliveryTest::SetUp();
    rig_.in_loop([this] {
      loop_delivery_.set_presence_refresher([this](UserId user) { refreshed_.push_back(user); });
    });
  }

  void stall(bool acknowledges = false) {
    log_in(acknowledges);
    say("{\"seq\":0,\"x\":\"" + std::string(1024 * 1024, 'x') + "\"}");
    rig_.in_loop([this] { EXPECT_TRUE(pair_.session->socket().pushes_wait()); });
  }
  // What follows the unread output.
  Seqs received_after_it() {
    EXPECT_EQ(next_seq(), 0);
    return received();
  }
  void contact(Seq seq) { event("{\"msgid\":201,\"seq\":" + std::to_string(seq) + "}"); }
  void group_event(Seq seq) { event("{\"msgid\":202,\"seq\":" + std::to_string(seq) + "}"); }
  void receipt(ReceiptKind kind, Seq seq) {
    const Receipt receipt{StreamKey::from(bob_), kind, seq};
    rig_.in_loop([&] {
      window()->offer_receipt(receipt, std::make_shared<const std::string>(receipt_json(receipt)));
    });
  }
  std::vector<UserId> refreshed() {
    return rig_.in_loop([this] { return refreshed_; });
  }

 private:
  std::vector<UserId> refreshed_;
};

TEST_F(WindowEventsTest, SlowReaderGetsThemInOrderOnceItHasRead) {
  stall();
  contact(1);
  group_event(2);
  contact(3);
  EXPECT_EQ(received_after_it(), (Seqs{1, 2, 3}));
  contact(4);
  EXPECT_EQ(received(), Seqs{4});
}

TEST_F(WindowEventsTest, PresenceMissedByASlowReaderIsLookedUpOnce) {
  stall();
  for (const bool online : {true, false, true}) event(presence_json(bob_, online));
  EXPECT_TRUE(refreshed().empty());
  EXPECT_EQ(received_after_it(), Seqs{});
  EXPECT_EQ(refreshed(), std::vector<UserId>{alice_});
}

TEST_F(WindowEventsTest, SlowReaderNeverGetsTyping) {
  stall(true);
  rig_.in_loop([this] { window()->offer_typing("{\"seq\":7}"); });
  contact(1);
  EXPECT_EQ(received_after_it(), Seqs{1});
  rig_.in_loop([this] { window()->offer_typing("{\"seq\":7}"); });
  EXPECT_EQ(received(), Seqs{7});
}

TEST_F(WindowEventsTest, SlowReaderGetsTheHighestReceipts) {
  stall(true);
  receipt(ReceiptKind::kDelivered, 3);
  receipt(ReceiptKind::kDelivered, 5);
  receipt(ReceiptKind::kDelivered, 4);
  receipt(ReceiptKind::kRead, 2);
  EXPECT_EQ(received_after_it(), (Seqs{5, 2}));
  receipt(ReceiptKind::kDelivered, 4);
  receipt(ReceiptKind::kRead, 3);
  EXPECT_EQ(received(), Seqs{3});
}

TEST_F(WindowEventsTest, ReceiptBeforeTheLoginIsAnsweredFollowsIt) {
  attach(true);
  receipt(ReceiptKind::kRead, 2);
  say("{\"seq\":0}");
  release();
  EXPECT_EQ(received(), (Seqs{0, 2}));
}

// CONTACT is kept longest, because no later push makes up for it.
TEST_F(WindowEventsTest, OfVeryManyEventsTheNewestAreKept) {
  stall();
  contact(1);
  for (Seq seq = 2; seq <= 200; ++seq) group_event(seq);
  const Seqs all = received_after_it();
  ASSERT_GT(all.size(), 10U);
  ASSERT_LT(all.size(), 100U);
  EXPECT_EQ(all.front(), 1);
  EXPECT_EQ(all.back(), 200);
}

TEST_F(WindowEventsTest, NewestOfVeryManyContactsIsKept) {
  stall();
  for (Seq seq = 1; seq <= 200; ++seq) contact(seq);
  EXPECT_EQ(received_after_it().back(), 200);
}

// The end of a membership, as a session of the former member sees it.
class WindowEnd : public DeliveryTest {
 protected:
  void store_in(GroupId group, Seq first, Seq last) {
    std::vector<storage::GroupMessage> rows;
    for (Seq seq = first; seq <= last; ++seq) {
      rows.push_back({group, seq, bob_, "g" + std::to_string(seq), 1, "text"});
    }
    ASSERT_TRUE(send(rows));
  }
  void offer_in(GroupId group, Seq seq, UserId ended = {}) {
    rig_.in_loop([&] {
      loop_delivery_.offer_to_group(
          group, Push{StreamKey::of(group), seq, bob_, 1, json(seq), true, ended});
    });
  }
};

TEST_F(WindowEnd, LateEndStillDeliversWhatCameBefore) {
  const GroupId group = add_group("group", bob_);
  add_member(group, alice_);
  log_in();
  rig_.in_loop([&] { window()->join(group, 0); });
  settle();  // else the page that the join asks for may show message 4: it is left only below
  store_in(group, 1, 4);
  run("UPDATE groupuser SET left_seq = 3 WHERE userid = " + std::to_string(alice_.value));
  const StreamKey stream = StreamKey::of(group);
  offer_in(group, 4);
  EXPECT_EQ(received(), (Seqs{1, 2, 3}));
  rig_.in_loop([&] { window()->notice({stream, 3, 3, 0, 3}); });
  offer_in(group, 4);
  EXPECT_EQ(received(), Seqs{});
  // A member again.
  rig_.in_loop([&] { window()->join(group, 4); });
  offer_in(group, 5);
  EXPECT_EQ(received(), Seqs{5});
}

// The groups are read before the window is made, the positions afterwards.
TEST_F(WindowEnd, GroupLeftDuringTheLoginIsNotPushedAgain) {
  const GroupId group = add_group("group", bob_);
  store_in(group, 1, 3);
  add_member(group, alice_);
  run("UPDATE groupuser SET joined_seq = 0, delivered_seq = 3, left_seq = 3 WHERE userid = " +
      std::to_string(alice_.value));
  log_in(false, {group});
  store_in(group, 4, 4);
  offer_in(group, 4);
  offer_in(group, 1);
  EXPECT_EQ(received(), Seqs{});
}

TEST_F(WindowEnd, EndsOfVeryManyMembershipsAreForgotten) {
  log_in();
  const auto acknowledges = [&](std::int32_t group) {
    return rig_.in_loop([&] { return window()->acknowledge(StreamKey::of(GroupId{group}), 1); });
  };
  for (std::int32_t group = 1; group <= 1000; ++group) {
    rig_.in_loop([&] {
      window()->notice({StreamKey::of(GroupId{group}), 1, 1, UnixMillis{group}, 1});
      window()->forget_ends();
    });
  }
  EXPECT_FALSE(acknowledges(1));
  EXPECT_FALSE(acknowledges(800));
  EXPECT_TRUE(acknowledges(901));
  EXPECT_TRUE(acknowledges(1000));
}

TEST_F(WindowEnd, GroupCreatedDuringTheLoginIsKept) {
  const GroupId group = add_group("group", alice_);
  attach(false, {group});
  rig_.in_loop([&] { window()->join(group, 0); });
  rig_.in_loop([&] { window()->release({}, {}); });
  store_in(group, 1, 1);
  offer_in(group, 1);
  EXPECT_EQ(received(), Seqs{1});
}

TEST_F(WindowEnd, GroupLeftDuringTheLoginIsReadToItsEnd) {
  const GroupId group = add_group("group", bob_);
  store_in(group, 1, 4);
  add_member(group, alice_);
  run("UPDATE groupuser SET joined_seq = 0, delivered_seq = 1, left_seq = 3 WHERE userid = " +
      std::to_string(alice_.value));
  attach(false, {group});
  offer_in(group, 4);
  release();
  offer_in(group, 4);
  EXPECT_EQ(received(), (Seqs{2, 3}));
}

// The positions say that the user has left; it joins again before they arrive.
TEST_F(WindowEnd, GroupJoinedAgainDuringTheLoginIsKept) {
  const GroupId group = add_group("group", bob_);
  store_in(group, 1, 4);
  add_member(group, alice_);
  run("UPDATE groupuser SET joined_seq = 0, delivered_seq = 1, left_seq = 3 WHERE userid = " +
      std::to_string(alice_.value));
  attach(false, {group});
  const auto positions = backlog_.positions(alice_);
  ASSERT_TRUE(positions);
  run("UPDATE groupuser SET joined_seq = 4, delivered_seq = 4, left_seq = 0 WHERE userid = " +
      std::to_string(alice_.value));
  rig_.in_loop([&] { window()->join(group, 4); });
  rig_.in_loop([&] { window()->release(*positions, {}); });
  store_in(group, 5, 5);
  offer_in(group, 5);
  EXPECT_EQ(received(), Seqs{5});
}

// Positions that were read before the user was let in again, right after its removal.
TEST_F(WindowEnd, OutdatedEndDoesNotEndALaterMembership) {
  const GroupId group = add_group("group", bob_);
  add_member(group, alice_);
  log_in();
  rig_.in_loop([&] { window()->join(group, 0); });
  const StreamKey stream = StreamKey::of(group);
  const StreamPosition outdated{stream, 1, 2, 0, 2};
  offer_in(group, 1);
  offer_in(group, 2, alice_);
  rig_.in_loop([&] { window()->join(group, 2); });
  rig_.in_loop([&] { window()->notice(outdated); });
  offer_in(group, 3);
  EXPECT_EQ(received(), (Seqs{1, 2, 3}));
  rig_.in_loop([&] { window()->rewind(outdated, 1); });
  offer_in(group, 4);
  EXPECT_EQ(received(), Seqs{4});
  // The same after messages were asked for again.
  store_in(group, 3, 4);
  rig_.in_loop([&] { window()->rewind({stream, 4, 4}, 2); });
  rig_.in_loop([&] { window()->notice(outdated); });
  EXPECT_EQ(received(), (Seqs{3, 4}));
  offer_in(group, 5);
  EXPECT_EQ(received(), Seqs{5});
}

// Nothing was heard of a whole membership but its end.
TEST_F(WindowEnd, EndOfALaterMembershipIsReadFromTheTable) {
  const GroupId group = add_group("group", bob_);
  add_member(group, alice_);
  log_in();
  rig_.in_loop([&] { window()->join(group, 0); });
  offer_in(group, 1);
  offer_in(group, 2, alice_);
  EXPECT_EQ(received(), (Seqs{1, 2}));
  store_in(group, 1, 7);
  run("UPDATE groupuser SET joined_seq = 4, delivered_seq = 4, left_seq = 6 WHERE userid = " +
      std::to_string(alice_.value));
  rig_.in_loop([&] { window()->notice({StreamKey::of(group), 4, 6, 0, 6}); });
  offer_in(group, 7);
  EXPECT_EQ(received(), (Seqs{5, 6}));
}

// A gap delays the event that ends a membership; what happens after it must not overtake it.
TEST_F(WindowEnd, FormerMemberIsToldNothingAfterAnEndThatItHasYetToGet) {
  const GroupId group = add_group("group", bob_);
  add_member(group, alice_);
  log_in();
  rig_.in_loop([&] { window()->join(group, 0); });
  settle();
  store_in(group, 1, 3);
  run("UPDATE groupuser SET left_seq = 3 WHERE userid = " + std::to_string(alice_.value));
  rig_.in_loop([&] {
    Push end{StreamKey::of(group), 3, bob_, 1, json(3)};
    end.ended = alice_;
    loop_delivery_.offer_to_group(group, end);
    loop_delivery_.offer_event_to_group(group, json(99), bob_);
  });
  EXPECT_EQ(received(), (Seqs{1, 2, 3}));
}

}  // namespace
}  // namespace chat::delivery

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

}  // namespace
}  // namespace chat::delivery

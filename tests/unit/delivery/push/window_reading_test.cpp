// What a window says that its user has read.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chat/delivery/recipients.h"
#include "unit/delivery/delivery_fixture.h"

namespace chat::delivery {
namespace {

class WindowReadingTest : public DeliveryTest {
 protected:
  void offer_at(Seq seq, UnixMillis sent_at) {
    Push offered = push(seq);
    offered.sent_at = sent_at;
    rig_.in_loop([&] { window()->offer(offered); });
  }
  void write_at(UnixMillis sent_at) {
    rig_.in_loop([&] { window()->note_own(StreamKey::from(bob_), sent_at); });
  }
  void offer_own(GroupId group, Seq seq, bool is_event) {
    Push own{StreamKey::of(group), seq, alice_, 1, json(seq)};
    own.is_event = is_event;
    rig_.in_loop([&] { loop_delivery_.offer_to_group(group, own); });
  }
  // The highest position; 0: none.
  Seq read() {
    const auto reads = rig_.in_loop([&] { return window()->reads(); });
    return reads.empty() ? 0 : reads.front().read;
  }
};

TEST_F(WindowReadingTest, WritingReadsWhatWasPushedAndSentBefore) {
  log_in(true);
  write_at(50);
  EXPECT_EQ(read(), 0);
  store(1, 2);
  offer_at(1, 10);
  offer_at(2, 20);
  EXPECT_EQ(read(), 0);
  write_at(19);
  EXPECT_EQ(read(), 0);
  write_at(20);
  EXPECT_EQ(read(), 2);
  EXPECT_TRUE(is_written("SELECT read_seq FROM directcursor", 2));
  EXPECT_EQ(number("SELECT delivered_seq FROM directcursor"), 0);
}

TEST_F(WindowReadingTest, MessageSentBeforeOnesOwnIsReadWhenItIsPushed) {
  log_in(true);
  store(1, 3);
  offer_at(1, 10);
  write_at(20);
  EXPECT_EQ(read(), 1);
  offer_at(2, 20);
  EXPECT_EQ(read(), 2);
  offer_at(3, 21);
  EXPECT_EQ(read(), 2);
}

TEST_F(WindowReadingTest, OwnTextsReadAGroupAndOwnEventsDoNot) {
  const GroupId group = add_group("tea", alice_);
  log_in(true, {group});
  offer_own(group, 1, true);
  EXPECT_EQ(read(), 0);
  offer_own(group, 2, false);
  EXPECT_EQ(read(), 2);
  offer_own(group, 3, true);
  EXPECT_EQ(read(), 2);
  EXPECT_TRUE(is_written("SELECT read_seq FROM groupuser", 2));
}

}  // namespace
}  // namespace chat::delivery

#include "delivery/retention.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/fake_clock.h"
#include "support/storage/storage_fixture.h"

namespace chat::delivery {
namespace {

using storage::CursorMove;

constexpr std::chrono::days kKeep{7};

class RetentionTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
    group_ = add_group("group", alice_);
    now_ = clock_.unix_millis();
    old_ = now_ - std::chrono::milliseconds(kKeep).count() - 1;
  }
  // `count` messages of bob for alice, all sent at that time.
  void send_direct(Seq first, Seq count, UnixMillis sent_at) {
    std::vector<storage::DirectMessage> rows;
    for (Seq seq = first; seq < first + count; ++seq) {
      rows.push_back({alice_, bob_, seq, "c" + std::to_string(seq), sent_at, "text"});
    }
    ASSERT_TRUE(send(rows));
  }
  void send_group(Seq first, Seq count, UnixMillis sent_at) {
    std::vector<storage::GroupMessage> rows;
    for (Seq seq = first; seq < first + count; ++seq) {
      rows.push_back({group_, seq, alice_, "c" + std::to_string(seq), sent_at, "text"});
    }
    ASSERT_TRUE(send(rows));
  }
  void advance(const CursorMove& move) {
    const std::vector<CursorMove> moves{move};
    ASSERT_TRUE(write([&] { return storage::MessageModel(*connection_).advance(moves); }));
  }
  using StorageTest::run;
  std::size_t run() {
    const auto deleted = retention_.run_once(kKeep);
    EXPECT_TRUE(deleted) << deleted.error().message;
    return deleted.value_or(0);
  }
  Seq first_direct() { return number("SELECT min(seq) FROM directmessage"); }
  Seq first_in_group() { return number("SELECT min(seq) FROM groupmessage"); }

  test::FakeClock clock_;
  storage::Pool pool_{database_, {}, clock_};
  Retention retention_{pool_, clock_};
  UserId alice_;
  UserId bob_;
  GroupId group_;
  UnixMillis now_ = 0;
  UnixMillis old_ = 0;
};

TEST_F(RetentionTest, DeletesOldDeliveredMessages) {
  send_direct(1, 1200, old_);
  send_direct(1201, 100, now_);
  advance({alice_, bob_, {}, 1300, 0});
  EXPECT_EQ(run(), 1200U);
  EXPECT_EQ(first_direct(), 1201);
  EXPECT_EQ(run(), 0U);
}

TEST_F(RetentionTest, KeepsUndeliveredMessages) {
  send_direct(1, 200, old_);
  advance({alice_, bob_, {}, 50, 0});
  EXPECT_EQ(run(), 50U);
  EXPECT_EQ(first_direct(), 51);
}

TEST_F(RetentionTest, KeepsTheEndOfAStreamHoweverOldItIs) {
  send_direct(1, 100, old_);
  advance({alice_, bob_, {}, 100, 0});
  EXPECT_EQ(run(), 36U);
  EXPECT_EQ(number("SELECT count(*) FROM directmessage"), 64);
}

TEST_F(RetentionTest, SlowestMemberDecidesForAGroup) {
  send_group(1, 200, old_);
  add_member(group_, bob_);
  run("UPDATE groupuser SET delivered_seq = 200");
  run("UPDATE groupuser SET delivered_seq = 30 WHERE userid = " + std::to_string(bob_.value));
  EXPECT_EQ(run(), 30U);
  EXPECT_EQ(first_in_group(), 31);
  run("UPDATE groupuser SET delivered_seq = 200");
  EXPECT_EQ(run(), 200U - 30 - 64);
}

// A former member finds what came before the end of its membership, like a member, but not for
// ever: it may never return.
TEST_F(RetentionTest, FormerMemberWhoIsBehindCounts) {
  send_group(1, 200, old_);
  add_member(group_, bob_);
  const std::string of_bob = " WHERE userid = " + std::to_string(bob_.value);
  run("UPDATE groupuser SET delivered_seq = 200");
  run("UPDATE groupuser SET delivered_seq = 30, left_seq = 100" + of_bob);
  const std::string end = " WHERE seq = 100";
  run("UPDATE groupmessage SET sent_at = " + std::to_string(now_) + end);
  EXPECT_EQ(run(), 30U);
  EXPECT_EQ(first_in_group(), 31);
  run("UPDATE groupuser SET delivered_seq = 100" + of_bob);
  run("UPDATE groupmessage SET sent_at = " + std::to_string(old_) + end);
  EXPECT_EQ(run(), 200U - 30 - 64) << "it has received everything, and left long ago";
}

TEST_F(RetentionTest, FormerMemberWhoLeftLongAgoDoesNotCount) {
  send_group(1, 200, old_);
  add_member(group_, bob_);
  run("UPDATE groupuser SET delivered_seq = 200");
  run("UPDATE groupuser SET delivered_seq = 30, left_seq = 100 WHERE userid = " +
      std::to_string(bob_.value));
  EXPECT_EQ(run(), 200U - 64);
}

TEST_F(RetentionTest, SeveralStreamsAreAllVisited) {
  for (int i = 0; i < 120; ++i) {
    const UserId sender = add_user("sender " + std::to_string(i));
    std::vector<storage::DirectMessage> rows;
    for (Seq seq = 1; seq <= 70; ++seq) {
      rows.push_back(
          {i % 2 == 0 ? alice_ : bob_, sender, seq, "c" + std::to_string(seq), old_, "text"});
    }
    ASSERT_TRUE(send(rows));
  }
  run("UPDATE directcursor SET delivered_seq = 70");
  EXPECT_EQ(run(), 120U * 6);
}

}  // namespace
}  // namespace chat::delivery

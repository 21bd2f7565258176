#include "delivery/retention.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "support/eventually.h"
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
  // The stream's row with this seq is the event `kind` of message 1; the message was last changed
  // by that.
  void make_event(const std::string& table, Seq seq, const std::string& kind,
                  const std::string& fields) {
    run("UPDATE " + table + " SET kind = '" + kind + "', ref = 1, body = 'secret " +
        std::to_string(seq) + "', extra = '{\"ref\":1" + fields +
        "}' WHERE seq = " + std::to_string(seq));
    run("UPDATE " + table + " SET ref = " + std::to_string(seq) + " WHERE seq = 1");
  }
  std::int64_t secrets(const std::string& table) {
    return number("SELECT count(*) FROM " + table + " WHERE body LIKE 'secret%'");
  }
  std::int64_t erased(const std::string& table) {
    return number("SELECT count(*) FROM " + table +
                  " WHERE kind = 'edit' AND body = '' AND extra LIKE '%\"recalled\":" +
                  std::to_string(now_) + "%'");
  }
  void set_delivered(Seq seq) {
    run("UPDATE directcursor SET delivered_seq = " + std::to_string(seq));
    run("UPDATE groupuser SET delivered_seq = " + std::to_string(seq));
  }
  static constexpr const char* kTables[] = {"directmessage", "groupmessage"};

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

// Otherwise the text could not be recalled any more.
TEST_F(RetentionTest, TextTakesTheTextsOfItsEditsWithIt) {
  send_direct(1, 100, old_);
  send_group(1, 100, old_);
  set_delivered(100);
  for (const std::string table : kTables) {
    make_event(table, 20, "edit", ",\"rev\":1");
    make_event(table, 80, "edit", ",\"rev\":2,\"prev\":20");
    make_event(table, 90, "edit", ",\"rev\":3,\"prev\":80");
  }
  EXPECT_EQ(run(), 2U * 36);
  EXPECT_EQ(first_direct(), 37);
  EXPECT_EQ(first_in_group(), 37);
  for (const std::string table : kTables) {
    EXPECT_EQ(secrets(table), 0) << table;
    EXPECT_EQ(erased(table), 2) << table;
    EXPECT_EQ(number("SELECT count(*) FROM " + table + " WHERE body = 'text'"), 62) << table;
  }
}

TEST_F(RetentionTest, YoungEditLosesItsTextWithTheOldMessage) {
  send_direct(1, 100, old_);
  send_direct(101, 100, now_);
  set_delivered(200);
  make_event("directmessage", 101, "edit", ",\"rev\":1");
  EXPECT_EQ(run(), 100U);
  EXPECT_EQ(secrets("directmessage"), 0);
  EXPECT_EQ(erased("directmessage"), 1);
}

TEST_F(RetentionTest, TextOfAnUndeliveredEditStays) {
  send_direct(1, 100, old_);
  send_group(1, 100, old_);
  for (const std::string table : kTables) make_event(table, 90, "edit", ",\"rev\":1");
  set_delivered(89);
  EXPECT_EQ(run(), 0U);
  for (const std::string table : kTables) EXPECT_EQ(secrets(table), 1) << table;
  set_delivered(90);
  EXPECT_EQ(run(), 2U * 36);
  for (const std::string table : kTables) EXPECT_EQ(secrets(table), 0) << table;
}

// The edit of a message that is about to be deleted would keep its text for ever.
TEST_F(RetentionTest, NoMessageIsEditedWhileItIsDeleted) {
  if (!test::on_mysql()) GTEST_SKIP() << "SQLite has one writer at a time";
  send_direct(1, 200, old_);
  set_delivered(200);
  make_event("directmessage", 190, "edit", ",\"rev\":1");
  const auto holder = connect();
  const auto editor = connect();
  ASSERT_TRUE(holder->execute("BEGIN"));
  ASSERT_EQ(number(*holder, "SELECT seq FROM directmessage WHERE seq = 190 FOR UPDATE"), 190);
  // Retention waits for the text of the edit, up to a second, after it has looked at the messages.
  const auto waits = [] {
    return test::mariadb().query(
               "SELECT COUNT(*) FROM information_schema.processlist"
               " WHERE info LIKE 'UPDATE directmessage%'") == "1";
  };
  const auto lock = editor->prepare(
      "SELECT seq FROM directmessage WHERE recipient = " + std::to_string(alice_.value) +
      " AND sender = " + std::to_string(bob_.value) + " AND seq = 2 FOR UPDATE NOWAIT");
  ASSERT_TRUE(lock);
  bool editable = true;
  for (bool waited = false; !waited;) {
    std::thread retention([this] { std::ignore = retention_.run_once(kKeep); });
    EXPECT_TRUE(test::eventually(waits));
    storage::StatementScope scope(**lock);
    editable = scope->step().has_value();
    waited = waits();
    retention.join();
  }
  EXPECT_FALSE(editable);
  ASSERT_TRUE(holder->execute("ROLLBACK"));
  EXPECT_EQ(run(), 136U);
}

TEST_F(RetentionTest, RecallKeepsItsSentenceWithoutTheMessage) {
  send_direct(1, 100, old_);
  set_delivered(100);
  make_event("directmessage", 90, "recall", "");
  EXPECT_EQ(run(), 36U);
  EXPECT_EQ(secrets("directmessage"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM directmessage WHERE extra LIKE '%recalled%'"), 0);
}

// Conversations are listed by their newest text.
TEST_F(RetentionTest, NewestTextStaysHoweverManyEventsFollow) {
  send_direct(1, 200, old_);
  send_group(1, 200, old_);
  set_delivered(200);
  run("UPDATE directmessage SET kind = 'edit', ref = 30 WHERE seq > 30");
  run("UPDATE groupmessage SET kind = 'notice' WHERE seq > 40");
  run("UPDATE allgroup SET text_seq = 40");
  EXPECT_EQ(run(), 29U + 39);
  EXPECT_EQ(first_direct(), 30);
  EXPECT_EQ(first_in_group(), 40);
  EXPECT_EQ(run(), 0U);
}

}  // namespace
}  // namespace chat::delivery

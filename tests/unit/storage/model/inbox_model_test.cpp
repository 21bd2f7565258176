#include "chat/storage/inbox_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "chat/storage/conversation_model.h"
#include "chat/storage/prune_model.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class InboxModelTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
    carol_ = add_user("carol");
  }

  // The next row of the stream; of an event row if `kind` is given.
  void direct(UserId from, UserId to, UnixMillis at, std::string_view kind = {}) {
    const Seq head = number(fmt::format(
        "SELECT COALESCE(MAX(seq), 0) FROM directmessage WHERE recipient = {} AND sender = {}",
        to.value, from.value));
    const auto n = number(fmt::format(
        "SELECT COUNT(*) FROM directmessage WHERE recipient = {} AND sender = {} AND kind IS NULL",
        to.value, from.value));
    DirectMessage row{to, from, head + 1, fmt::format("c{}", head + 1), at, "text"};
    row.n = n + (kind.empty() ? 1 : 0);
    ASSERT_TRUE(send(std::vector<DirectMessage>{row}));
    if (!kind.empty()) {
      run(
          fmt::format("UPDATE directmessage SET kind = '{}' WHERE recipient = {}"
                      " AND sender = {} AND seq = {}",
                      kind, to.value, from.value, head + 1));
    }
  }

  // The next row of the group; an event row if `kind` is given.
  Seq group(GroupId group, UserId from, std::string_view kind = {}) {
    const auto in_group = fmt::format("groupid = {}", group.value);
    const Seq seq = 1 + number("SELECT COALESCE(MAX(seq), 0) FROM groupmessage WHERE " + in_group);
    const auto n = number("SELECT COUNT(*) FROM groupmessage WHERE kind IS NULL AND " + in_group);
    GroupMessage row{group, seq, from, fmt::format("c{}", seq), 1000 + seq, "text"};
    row.n = n + (kind.empty() ? 1 : 0);
    if (kind.empty()) {
      EXPECT_TRUE(send(std::vector<GroupMessage>{row}));
      return seq;
    }
    row.kind = kind;
    row.extra = "{}";
    EXPECT_TRUE(write([&] {
      MessageModel messages(*connection_);
      auto inserted = messages.insert_group_event(row);
      return inserted ? messages.set_group_last_seq(group, seq) : inserted;
    }));
    return seq;
  }

  void read(UserId user, UserId from, Seq seq) {
    ASSERT_TRUE(write([&] {
      return MessageModel(*connection_).advance(std::vector<CursorMove>{{user, from, {}, 0, seq}});
    }));
  }
  void read(UserId user, GroupId group, Seq seq) {
    ASSERT_TRUE(write([&] {
      return MessageModel(*connection_).advance(std::vector<CursorMove>{{user, {}, group, 0, seq}});
    }));
  }
  void mention(UserId user, GroupId group, Seq seq) {
    run(fmt::format("INSERT INTO mention (userid, groupid, seq) VALUES ({}, {}, {})", user.value,
                    group.value, seq));
  }
  bool set(const ConversationKey& key, const ConversationChange& change) {
    const auto done = write([&] { return ConversationModel(*connection_).change(key, change); });
    EXPECT_TRUE(done) << done.error().message;
    return done.value_or(false);
  }

  // Counted, by key.
  std::vector<Conversation> inbox(UserId user) {
    InboxModel model(*connection_);
    auto all = model.conversations(user);
    EXPECT_TRUE(all) << all.error().message;
    if (!all) return {};
    std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) {
      return std::tie(a.group, a.with) < std::tie(b.group, b.with);
    });
    const auto counted = model.count(user, *all);
    EXPECT_TRUE(counted) << counted.error().message;
    return std::move(*all);
  }
  Conversation only(UserId user) {
    const auto all = inbox(user);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Conversation{} : all.front();
  }

  UserId alice_, bob_, carol_;
};

TEST_F(InboxModelTest, UnreadDirectMessagesAreThoseOfTheOtherPastThePosition) {
  for (UnixMillis at = 1; at <= 5; ++at) direct(bob_, alice_, at);
  EXPECT_EQ(only(alice_).unread, 5);
  read(alice_, bob_, 2);
  const auto seen = only(alice_);
  EXPECT_EQ(std::tuple(seen.unread, seen.read, seen.newest), std::tuple(3, 2, 5));
  EXPECT_FALSE(seen.last_is_own());
  // Bob has only written.
  const auto own = only(bob_);
  EXPECT_EQ(std::tuple(own.with, own.unread, own.own_newest), std::tuple(alice_, 0, 5));
  EXPECT_TRUE(own.last_is_own());
}

TEST_F(InboxModelTest, EventRowsNeverCount) {
  direct(bob_, alice_, 1);
  direct(bob_, alice_, 2, "edit");
  direct(bob_, alice_, 3);
  direct(bob_, alice_, 4, "recall");
  EXPECT_EQ(only(alice_).unread, 2);
  EXPECT_EQ(only(alice_).newest, 3);
  read(alice_, bob_, 1);
  EXPECT_EQ(only(alice_).unread, 1);
  read(alice_, bob_, 2);
  EXPECT_EQ(only(alice_).unread, 1);
  read(alice_, bob_, 4);
  EXPECT_EQ(only(alice_).unread, 0);
}

TEST_F(InboxModelTest, RowsWithoutACountCountAsManyAsTheirSeq) {
  for (UnixMillis at = 1; at <= 3; ++at) direct(bob_, alice_, at);
  run("UPDATE directmessage SET n = NULL");
  read(alice_, bob_, 1);
  EXPECT_EQ(only(alice_).unread, 2);
}

// In HISTORY one's own message comes after one of the same time.
TEST_F(InboxModelTest, OwnDirectMessageReadsWhatIsBeforeItInTime) {
  for (UnixMillis at = 10; at <= 90; at += 10) direct(bob_, alice_, at);
  direct(alice_, bob_, 95);
  EXPECT_EQ(only(alice_).unread, 0);
  EXPECT_EQ(only(alice_).read, 9);
  for (UnixMillis own = 5; own <= 95; own += 5) {
    run(fmt::format("UPDATE directmessage SET sent_at = {} WHERE sender = {}", own, alice_.value));
    const auto item = only(alice_);
    EXPECT_EQ(item.unread, 9 - own / 10) << own;
    EXPECT_EQ(item.read, own / 10) << own;
  }
  read(alice_, bob_, 4);
  run(fmt::format("UPDATE directmessage SET sent_at = 25 WHERE sender = {}", alice_.value));
  EXPECT_EQ(only(alice_).unread, 5);
}

TEST_F(InboxModelTest, OwnEventRowsReadNothing) {
  direct(bob_, alice_, 10);
  direct(alice_, bob_, 5);
  direct(alice_, bob_, 20, "edit");
  const auto item = only(alice_);
  EXPECT_EQ(std::tuple(item.unread, item.own_newest), std::tuple(1, 1));
}

TEST_F(InboxModelTest, NotesToOneselfAreAConversationWithoutUnreadMessages) {
  direct(alice_, alice_, 10);
  const auto item = only(alice_);
  EXPECT_EQ(std::tuple(item.with, item.unread, item.newest), std::tuple(alice_, 0, 1));
}

TEST_F(InboxModelTest, PrunedMessagesAreNotCounted) {
  for (UnixMillis at = 1; at <= 6; ++at) direct(bob_, alice_, at);
  run("DELETE FROM directmessage WHERE seq <= 4");
  EXPECT_EQ(only(alice_).unread, 2);
}

TEST_F(InboxModelTest, GroupMessagesOfOthersCountSinceOnesOwnLast) {
  const GroupId tea = add_group("tea", alice_);
  add_member(tea, bob_);
  EXPECT_TRUE(inbox(alice_).empty());
  group(tea, alice_, "notice");
  EXPECT_TRUE(inbox(alice_).empty());
  group(tea, alice_);
  group(tea, bob_);
  group(tea, alice_, "notice");
  group(tea, bob_);
  const auto item = only(alice_);
  EXPECT_EQ(std::tuple(item.group, item.unread, item.newest, item.read), std::tuple(tea, 2, 5, 2));
  EXPECT_EQ(only(bob_).unread, 0);
  read(alice_, tea, 3);
  EXPECT_EQ(only(alice_).unread, 1);
  read(alice_, tea, 4);
  EXPECT_EQ(only(alice_).unread, 1);
  group(tea, alice_);
  EXPECT_EQ(only(alice_).unread, 0);
  EXPECT_EQ(only(bob_).unread, 1);
}

TEST_F(InboxModelTest, GroupCountsFromWhereTheUserJoined) {
  const GroupId tea = add_group("tea", alice_);
  group(tea, alice_);
  group(tea, alice_);
  add_member(tea, bob_);
  EXPECT_TRUE(inbox(bob_).empty());
  group(tea, alice_);
  EXPECT_EQ(only(bob_).unread, 1);
  run(fmt::format("UPDATE groupuser SET left_seq = 3 WHERE userid = {}", bob_.value));
  EXPECT_TRUE(inbox(bob_).empty());
}

TEST_F(InboxModelTest, MentionsPastThePositionCountOncePerMessage) {
  const GroupId tea = add_group("tea", alice_);
  add_member(tea, bob_);
  const UserId everybody{0};
  mention(bob_, tea, group(tea, alice_));
  const Seq both = group(tea, alice_);
  mention(bob_, tea, both);
  mention(everybody, tea, both);
  mention(everybody, tea, group(tea, alice_));
  mention(carol_, tea, group(tea, alice_));
  EXPECT_EQ(only(bob_).mentions, 3);
  EXPECT_EQ(only(alice_).mentions, 0);
  read(bob_, tea, 1);
  EXPECT_EQ(only(bob_).mentions, 2);
  mention(everybody, tea, group(tea, bob_));
  EXPECT_EQ(only(bob_).mentions, 0);
  EXPECT_EQ(only(alice_).mentions, 1);
}

TEST_F(InboxModelTest, HiddenConversationsReturnWithTheNextText) {
  const GroupId tea = add_group("tea", alice_);
  group(tea, alice_);
  direct(bob_, alice_, 10);
  const ConversationKey with_bob{alice_, bob_, {}};
  const ConversationKey in_tea{alice_, {}, tea};
  EXPECT_TRUE(set(with_bob, {.muted = true, .hidden = true}));
  EXPECT_TRUE(set(in_tea, {.hidden = true}));
  EXPECT_TRUE(inbox(alice_).empty());
  group(tea, alice_, "notice");
  direct(bob_, alice_, 10, "edit");
  EXPECT_TRUE(inbox(alice_).empty());
  direct(bob_, alice_, 10);
  EXPECT_EQ(only(alice_).with, bob_);
  EXPECT_TRUE(only(alice_).muted);
  EXPECT_FALSE(only(alice_).pinned);
  EXPECT_TRUE(set(with_bob, {.hidden = true}));
  direct(alice_, bob_, 10);
  EXPECT_EQ(only(alice_).with, bob_);
  EXPECT_TRUE(set(in_tea, {.pinned = true, .hidden = false}));
  EXPECT_EQ(inbox(alice_).size(), 2u);
  EXPECT_TRUE(inbox(alice_)[1].pinned);
  EXPECT_FALSE(inbox(alice_)[0].pinned);
}

TEST_F(InboxModelTest, SettingsNeedAConversationAndAreWrittenOnlyOnce) {
  EXPECT_FALSE(set({alice_, bob_, {}}, {.pinned = true}));
  direct(alice_, bob_, 10);
  EXPECT_TRUE(set({alice_, bob_, {}}, {.pinned = false}));
  EXPECT_EQ(number("SELECT COUNT(*) FROM conversation"), 0);
  EXPECT_TRUE(set({alice_, bob_, {}}, {.pinned = true}));
  EXPECT_TRUE(set({alice_, bob_, {}}, {.pinned = true}));
  EXPECT_TRUE(set({alice_, bob_, {}}, {.muted = true}));
  EXPECT_EQ(number("SELECT COUNT(*) FROM conversation WHERE pinned = 1 AND muted = 1"), 1);
  ASSERT_TRUE(write([&] { return ConversationModel(*connection_).erase_all(alice_); }));
  EXPECT_EQ(number("SELECT COUNT(*) FROM conversation"), 0);
}

TEST_F(InboxModelTest, GroupsAreListedByTheTextThatIsNeverDeleted) {
  const GroupId team = add_group("team", alice_);
  add_member(team, bob_);
  group(team, bob_);
  const Seq text = group(team, bob_);
  const Seq last = group(team, bob_, "notice");
  const PruneModel::Bounds all{.last = last, .delivered = last, .before = 1'000'000, .limit = 100};
  ASSERT_TRUE(write([&] { return PruneModel(*connection_).prune({.group = team}, all); }));
  EXPECT_EQ(number("SELECT MIN(seq) FROM groupmessage"), text);
  const auto listed = InboxModel(*connection_).conversations(alice_).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].newest, text);
}

TEST_F(InboxModelTest, ReadersAreTheOtherMembersWhoHaveReachedTheMessage) {
  const GroupId tea = add_group("tea", alice_);
  add_member(tea, bob_);
  add_member(tea, carol_);
  const UserId dave = add_user("dave");
  const Seq seq = group(tea, alice_);
  add_member(tea, dave);
  InboxModel model(*connection_);
  EXPECT_EQ(model.author(tea, seq).value(), alice_);
  EXPECT_FALSE(model.author(tea, seq + 1).value());
  const InboxModel::Message message{tea, seq, alice_};
  const auto counts = [&] {
    const auto found = model.count_readers(message).value();
    return std::pair(found.read, found.members);
  };
  using Counts = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(counts(), Counts(0, 2));
  read(carol_, tea, seq);
  EXPECT_EQ(counts(), Counts(1, 2));
  group(tea, bob_, "notice");
  EXPECT_EQ(counts(), Counts(1, 2));
  group(tea, bob_);
  EXPECT_EQ(counts(), Counts(2, 2));
  const auto first = model.readers(message, {}, 1).value();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].id, bob_);
  EXPECT_EQ(first[0].name, "bob");
  const auto second = model.readers(message, bob_, 5).value();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].id, carol_);
  run(fmt::format("UPDATE groupuser SET left_seq = 9 WHERE userid = {}", bob_.value));
  EXPECT_EQ(counts(), Counts(1, 1));
}

// Deleted accounts leave their groups a moment later.
TEST_F(InboxModelTest, DeletedAccountsAreNotListedAsReaders) {
  const GroupId tea = add_group("tea", alice_);
  add_member(tea, bob_);
  add_member(tea, carol_);
  const Seq seq = group(tea, alice_);
  for (const UserId reader : {bob_, carol_}) read(reader, tea, seq);
  run(fmt::format("UPDATE user SET name = '', password = '' WHERE id = {}", bob_.value));
  InboxModel model(*connection_);
  const InboxModel::Message message{tea, seq, alice_};
  const auto readers = model.readers(message, {}, 5).value();
  ASSERT_EQ(readers.size(), 1u);
  EXPECT_EQ(readers[0].id, carol_);
}

}  // namespace
}  // namespace chat::storage

#include <set>

#include "chat/storage/block_model.h"
#include "chat/storage/contact_model.h"
#include "chat/storage/conversation_model.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/friend_request_model.h"
#include "chat/storage/group_life_model.h"
#include "chat/storage/inbox_model.h"
#include "chat/storage/join_model.h"
#include "chat/storage/older_name_model.h"
#include "chat/storage/profile_model.h"
#include "chat/storage/revision_model.h"
#include "chat/storage/search_backfill.h"
#include "chat/storage/search_model.h"
#include "chat/storage/session_model.h"
#include "support/storage/forwarding_connection.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

// Records the SQL, so that the plans are those of the models' actual statements.
class RecordingConnection final : public ForwardingConnection {
 public:
  using ForwardingConnection::ForwardingConnection;

  Result<Statement*> prepare(std::string_view sql) override {
    statements.emplace(sql);
    return ForwardingConnection::prepare(sql);
  }

  std::set<std::string> statements;
};

const std::vector<UserId> kUsers{UserId{1}, UserId{2}, UserId{3}};

class QueryPlanTest : public StorageTest {
 protected:
  // The lines of the plans of all statements that were run.
  std::vector<std::string> plan_lines() {
    std::vector<std::string> lines;
    for (const auto& sql : recording().statements) {
      auto explain = connection_->prepare("EXPLAIN QUERY PLAN " + sql);
      EXPECT_TRUE(explain) << explain.error().message;
      StatementScope scope(**explain);
      while (scope->step().value()) lines.push_back(std::string(scope->text(3)) + " in " + sql);
    }
    return lines;
  }
  // SCAN reads a whole table or index, or the pairs of sql::join_pairs(), p; a temporary b-tree
  // sorts what an index should have.
  void expect_index_probes_only() {
    const auto lines = plan_lines();
    EXPECT_GE(lines.size(), recording().statements.size() / 2);
    for (const auto& line : lines) {
      EXPECT_FALSE(line.starts_with("SCAN") && !line.starts_with("SCAN CONSTANT ROW") &&
                   !line.starts_with("SCAN p in "))
          << line;
      EXPECT_EQ(line.find("TEMP B-TREE"), std::string::npos) << line;
    }
  }
  RecordingConnection& recording() {
    if (recording_ == nullptr) recording_ = std::make_unique<RecordingConnection>(*connection_);
    return *recording_;
  }

  std::unique_ptr<RecordingConnection> recording_;
};

TEST_F(QueryPlanTest, MessagesAndPositionsAreFoundByIndexProbes) {
  MessageModel messages(recording());
  ASSERT_TRUE(messages.direct_tail(UserId{1}, UserId{2}, 64));
  ASSERT_TRUE(
      messages.begun(std::vector<DirectStream>{{UserId{1}, UserId{2}}, {UserId{1}, UserId{3}}}));
  ASSERT_TRUE(messages.direct_after(UserId{1}, UserId{2}, 0, 10));
  ASSERT_TRUE(messages.find_group_message(GroupId{1}, UserId{1}, "c"));
  ASSERT_TRUE(messages.group_messages_of(std::vector<MessageModel::GroupCid>{
      {GroupId{1}, UserId{1}, "c"}, {GroupId{1}, UserId{2}, "d"}}));
  ASSERT_TRUE(messages.group_head(GroupId{1}, 1));
  ASSERT_TRUE(messages.group_after(GroupId{1}, UserId{1}, 0, 10));
  ASSERT_TRUE(messages.positions(kUsers));
  ASSERT_TRUE(messages.position({UserId{1}, UserId{2}}));
  ASSERT_TRUE(messages.position(UserId{1}, GroupId{1}));
  ASSERT_TRUE(write([&] {
    EXPECT_TRUE(messages.try_lock_groups(std::vector<GroupId>{GroupId{1}, GroupId{2}}));
    EXPECT_TRUE(messages.set_group_last_seq(GroupId{1}, 1));
    const std::vector<CursorMove> moves{{UserId{1}, UserId{2}, {}, 1},
                                        {UserId{1}, {}, GroupId{1}, 1}};
    return messages.advance(moves);
  }));
  EXPECT_EQ(recording().statements.size(), 15u);
  expect_index_probes_only();
}

TEST_F(QueryPlanTest, RevisedMessagesAreFoundByIndexProbes) {
  ASSERT_TRUE(write([&]() -> Result<void> {
    for (const MessageStream& stream :
         {MessageStream{.direct = {UserId{1}, UserId{2}}}, MessageStream{.group = GroupId{1}}}) {
      RevisionModel rows(recording(), stream);
      EXPECT_TRUE(rows.lock(1));
      EXPECT_TRUE(rows.find(1));
      RevisedRow row;
      row.seq = 1;
      EXPECT_TRUE(rows.overwrite(row));
    }
    return {};
  }));
  EXPECT_EQ(recording().statements.size(), 4u);
  expect_index_probes_only();
}

TEST_F(QueryPlanTest, UsersFriendsAndGroupsAreFoundByIndexProbes) {
  UserModel users(recording());
  ASSERT_TRUE(users.find(UserId{1}));
  ASSERT_TRUE(users.find_by_name("a"));
  ASSERT_TRUE(users.insert("b", "hash", 1));
  ASSERT_TRUE(OlderNameModel(recording()).gather());
  ASSERT_TRUE(users.claim(UserId{1}, {}, false));
  ASSERT_TRUE(users.release(UserId{1}, 1));
  ASSERT_TRUE(write([&] {
    std::vector<Claim> claims{{UserId{1}}, {UserId{2}}};
    EXPECT_TRUE(users.claim(claims, {}));
    std::vector<Release> releases{{UserId{1}, 1}, {UserId{2}, 1}};
    return users.release(releases);
  }));
  ASSERT_TRUE(users.names(UserId{1}, UserId{32}));
  ASSERT_TRUE(users.credentials(kUsers));
  ASSERT_TRUE(users.replace_password(UserId{1}, "a", "b"));
  ASSERT_TRUE(users.remove(UserId{1}, "b"));
  SessionModel tokens(recording());
  const std::vector<std::string> hashes{"a", "b"};
  ASSERT_TRUE(tokens.owners(hashes, 0));
  ASSERT_TRUE(tokens.extend(hashes, 0));
  FriendModel friends(recording());
  ASSERT_TRUE(friends.count(UserId{1}));
  ASSERT_TRUE(friends.list(UserId{1}, {}, 10));
  ASSERT_TRUE(friends.list(kUsers));
  ASSERT_TRUE(friends.online_watchers(kUsers));
  ASSERT_TRUE(friends.among(std::vector<Watch>{{UserId{1}, UserId{2}}, {UserId{2}, UserId{1}}}));
  GroupModel groups(recording());
  ASSERT_TRUE(groups.find(GroupId{1}));
  ASSERT_TRUE(groups.find(std::vector<GroupId>{GroupId{1}, GroupId{2}}));
  ASSERT_TRUE(groups.memberships(kUsers));
  ASSERT_TRUE(groups.is_member(GroupId{1}, UserId{1}));
  ASSERT_TRUE(groups.groups_of(UserId{1}, {}, 10));
  ASSERT_TRUE(groups.count_of(UserId{1}));
  ASSERT_TRUE(groups.members(GroupId{1}, {}, 10));
  ASSERT_TRUE(write([&] {
    EXPECT_TRUE(users.lock(kUsers, RowLock::kShared));
    EXPECT_TRUE(users.is_removed_locked(UserId{1}));
    EXPECT_TRUE(users.state_locked(UserId{1}));
    EXPECT_TRUE(friends.is_listed_locked(UserId{1}, UserId{2}));
    EXPECT_TRUE(groups.joined_seq_locked(GroupId{1}, UserId{1}));
    EXPECT_TRUE(groups.created_by_locked("a", UserId{1}));
    GroupLifeModel life(recording());
    EXPECT_TRUE(life.lock(GroupId{1}));
    EXPECT_TRUE(life.member(GroupId{1}, UserId{1}));
    EXPECT_TRUE(life.count_members(GroupId{1}));
    const std::vector<Membership> members{{UserId{1}, GroupId{1}}, {UserId{2}, GroupId{1}}};
    EXPECT_TRUE(groups.writers(members));
    EXPECT_TRUE(groups.readable(GroupId{1}, UserId{1}));
    JoinModel joins(recording());
    EXPECT_TRUE(joins.request_state(GroupId{1}, UserId{1}, 0));
    EXPECT_TRUE(joins.requests_to(UserId{1}, {}, {}, 0, 10));
    EXPECT_TRUE(joins.invited(GroupId{1}, UserId{1}, 0));
    EXPECT_TRUE(joins.invite(GroupId{1}, UserId{1}, UserId{2}, 1));
    EXPECT_TRUE(joins.decline(GroupId{1}, UserId{1}));
    EXPECT_TRUE(joins.invites_of(UserId{1}, {}, 0, 10));
    EXPECT_TRUE(joins.count_invites_to(GroupId{1}, 0));
    EXPECT_TRUE(joins.count_invites_of(UserId{1}, 0));
    EXPECT_TRUE(joins.count_codes(GroupId{1}, 0));
    EXPECT_TRUE(joins.count_codes_of(GroupId{1}, UserId{1}));
    EXPECT_TRUE(joins.request(GroupId{1}, UserId{1}, "", 1));
    EXPECT_TRUE(joins.erase_ways_into(GroupId{1}));
    EXPECT_TRUE(joins.group_of_code("a", 0));
    EXPECT_TRUE(joins.erase_all(UserId{1}));
    return life.end_member(GroupId{1}, UserId{1}, 1);
  }));
  expect_index_probes_only();
}

TEST_F(QueryPlanTest, ContactsAreFoundByIndexProbes) {
  ContactModel contacts(recording());
  ASSERT_TRUE(contacts.restricted(kUsers));
  ASSERT_TRUE(contacts.chat_rights(std::vector<DirectStream>{{UserId{1}, UserId{2}}}));
  BlockModel blocks(recording());
  ASSERT_TRUE(blocks.is_between(UserId{1}, UserId{2}));
  ASSERT_TRUE(blocks.list(UserId{1}, {}, 10));
  ASSERT_TRUE(blocks.count(UserId{1}));
  FriendRequestModel requests(recording(), 1);
  ASSERT_TRUE(requests.find(UserId{1}, UserId{2}));
  ASSERT_TRUE(requests.received(UserId{1}, {}, 10));
  ASSERT_TRUE(write([&] {
    EXPECT_TRUE(contacts.lock(UserId{1}, UserId{2}));
    EXPECT_TRUE(contacts.bump(UserId{1}));
    EXPECT_TRUE(blocks.erase_all(UserId{1}));
    return requests.erase_all(UserId{1});
  }));
  expect_index_probes_only();
}

TEST_F(QueryPlanTest, ConversationsAndReadersAreFoundByIndexProbes) {
  InboxModel inbox(recording());
  std::vector<Conversation> conversations(3);
  conversations[0].with = UserId{2};
  conversations[0].newest = 1;
  conversations[0].newest_at = 1;
  conversations[1].group = GroupId{1};
  conversations[2].group = GroupId{2};
  ASSERT_TRUE(inbox.conversations(UserId{1}));
  ASSERT_TRUE(inbox.count(UserId{1}, conversations));
  ASSERT_TRUE(inbox.author(GroupId{1}, 1));
  ASSERT_TRUE(inbox.count_readers({GroupId{1}, 1, UserId{1}}));
  ASSERT_TRUE(inbox.readers({GroupId{1}, 1, UserId{1}}, UserId{1}, 10));
  MessageModel messages(recording());
  ASSERT_TRUE(messages.direct_at(std::vector<MessageModel::DirectPlace>{
      {{UserId{1}, UserId{2}}, 1}, {{UserId{1}, UserId{3}}, 1}}));
  ASSERT_TRUE(
      messages.group_at(std::vector<MessageModel::GroupPlace>{{GroupId{1}, 1}, {GroupId{2}, 1}}));
  ASSERT_TRUE(write([&] {
    ConversationModel settings(recording());
    EXPECT_TRUE(settings.change({UserId{1}, UserId{2}, {}}, {.pinned = true}));
    EXPECT_TRUE(settings.change({UserId{1}, {}, GroupId{1}}, {.pinned = true}));
    return settings.erase_all(UserId{1});
  }));
  expect_index_probes_only();
}

TEST_F(QueryPlanTest, ProfilesAndSearchesAreFoundByIndexProbes) {
  ProfileModel profiles(recording());
  const UserId user = add_user("alice");
  ASSERT_TRUE(profiles.seen_by(UserId{1}, kUsers));
  ASSERT_TRUE(write([&] { return profiles.change(user, {.nick = "nick"}); }));
  ASSERT_TRUE(write([&] { return profiles.change(user, {.nick = "other"}); }));
  SearchModel search(recording());
  for (const NameKind kind : {NameKind::kUser, NameKind::kGroup}) {
    ASSERT_TRUE(search.find(kind, "a", {}, 10));
    ASSERT_TRUE(search.forget(kind, 1));
    ASSERT_TRUE(SearchBackfill(recording()).step(kind));
  }
  ASSERT_TRUE(search.open_groups({GroupId{1}, GroupId{2}}));
  ASSERT_TRUE(search.rename_group(GroupId{1}, "a", "b"));
  expect_index_probes_only();
}

}  // namespace
}  // namespace chat::storage

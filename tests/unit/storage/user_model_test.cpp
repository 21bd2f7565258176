#include "chat/storage/user_model.h"

#include "chat/storage/node_model.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class UserModelTest : public StorageTest {
 protected:
  Node start_node(std::string_view name) {
    const auto node = begin_node(*connection_, name);
    EXPECT_TRUE(node) << node.error().message;
    return node.value_or(Node{});
  }
  std::optional<SessionEpoch> claim(UserId id, const Node& node, bool force = false) {
    const auto epoch = UserModel(*connection_).claim(id, node, force);
    EXPECT_TRUE(epoch) << epoch.error().message;
    return epoch.value_or(std::nullopt);
  }
  bool online(UserId id) { return (*UserModel(*connection_).find(id))->online; }
};

TEST(NameKey, LowersAsciiAndKeepsOtherBytes) {
  EXPECT_EQ(name_key("AZaz09_[@"), "azaz09_[@");
  EXPECT_EQ(name_key("ÄÖÜ É"), "ÄÖÜ É");
  EXPECT_EQ(name_key(std::string("A\0B", 3)), std::string("a\0b", 3));
}

TEST_F(UserModelTest, InsertsAndFindsByIdAndName) {
  UserModel users(*connection_);
  const auto id = users.insert("Alice", "argon2id$x", 123);
  ASSERT_TRUE(id && *id);
  EXPECT_EQ((*id)->value, 1);
  for (const auto& found : {users.find(**id), users.find_by_name("aLICE")}) {
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->id, **id);
    EXPECT_EQ((*found)->name, "Alice");
    EXPECT_EQ((*found)->password_hash, "argon2id$x");
    EXPECT_FALSE((*found)->online);
    EXPECT_EQ((*found)->session_epoch, 0);
  }
  EXPECT_EQ(number("SELECT created_at FROM user"), 123);
}

TEST_F(UserModelTest, FindsNoUnknownUser) {
  UserModel users(*connection_);
  const auto by_id = users.find(UserId{1});
  ASSERT_TRUE(by_id);
  EXPECT_FALSE(*by_id);
  const auto by_name = users.find_by_name("alice");
  ASSERT_TRUE(by_name);
  EXPECT_FALSE(*by_name);
}

TEST_F(UserModelTest, RefusesANameThatDiffersInAsciiCaseOnly) {
  add_user("Alice");
  const auto again = UserModel(*connection_).insert("aLiCe", "other", 2);
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  EXPECT_EQ(number("SELECT COUNT(*) FROM user"), 1);
}

TEST_F(UserModelTest, ReplacePasswordNeedsTheOldHash) {
  const UserId alice = add_user("alice");
  UserModel users(*connection_);
  const std::string old_hash = (*users.find(alice))->password_hash;
  EXPECT_FALSE(users.replace_password(alice, "another", "new").value());
  EXPECT_TRUE(users.replace_password(alice, old_hash, "new").value());
  EXPECT_FALSE(users.replace_password(alice, old_hash, "newer").value());
  EXPECT_EQ((*users.find(alice))->password_hash, "new");
  const std::vector<UserId> ids{alice, UserId{99}};
  const auto credentials = users.credentials(ids);
  ASSERT_EQ(credentials.value().size(), 1u);
  EXPECT_EQ(credentials->front().password_hash, "new");
}

TEST_F(UserModelTest, RemoveKeepsTheIdAndFreesTheName) {
  const UserId alice = add_user("alice");
  UserModel users(*connection_);
  const std::string hash = (*users.find(alice))->password_hash;
  EXPECT_FALSE(users.remove(alice, "another").value());
  EXPECT_TRUE(users.remove(alice, hash).value());
  EXPECT_FALSE(users.remove(alice, hash).value());
  EXPECT_FALSE(users.find(alice).value());
  EXPECT_FALSE(users.find_by_name("alice").value());
  const UserId again = add_user("alice");
  EXPECT_NE(again, alice);
  const auto names = users.names(UserId{0}, UserId{99}).value();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0].user, alice);
  EXPECT_EQ(names[0].name, "");
  EXPECT_EQ(names[1].name, "alice");
  EXPECT_EQ(users.names(again, again)->size(), 1u);
  EXPECT_TRUE(users.remove(again, (*users.find(again))->password_hash).value());
}

TEST_F(UserModelTest, NamesEqualInACollationAreDifferent) {
  add_user("alice");
  add_user("alice ");
  add_user("älice");
  add_user("Älice");
  add_user(std::string("alice\0", 6));
  EXPECT_EQ(number("SELECT COUNT(*) FROM user"), 5);
  EXPECT_EQ((*UserModel(*connection_).find_by_name("ALICE "))->id.value, 2);
}

TEST_F(UserModelTest, AwkwardNamesRoundTripByteForByte) {
  UserModel users(*connection_);
  for (const auto& text : awkward_texts()) {
    const auto id = users.insert(text, "hash" + text, 1);
    ASSERT_TRUE(id && *id);
    const auto user = users.find_by_name(text);
    ASSERT_TRUE(user && *user);
    EXPECT_EQ((*user)->id, **id);
    EXPECT_EQ((*user)->name, text);
    EXPECT_EQ((*user)->password_hash, "hash" + text);
  }
}

TEST_F(UserModelTest, TakenNameKeepsTheTransaction) {
  add_user("alice");
  auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
  ASSERT_TRUE(transaction);
  EXPECT_FALSE(*UserModel(*connection_).insert("Alice", "x", 1));
  EXPECT_TRUE(*UserModel(*connection_).insert("bob", "x", 1));
  EXPECT_TRUE(transaction->commit());
  EXPECT_EQ(number("SELECT COUNT(*) FROM user"), 2);
}

TEST_F(UserModelTest, IdsAreNeverUsedAgain) {
  add_user("alice");
  const auto bob = add_user("bob");
  run("DELETE FROM user WHERE name = 'bob'");
  EXPECT_GT(add_user("carol").value, bob.value);
}

TEST_F(UserModelTest, IdsEndAtTheLimitOfTheWire) {
  run("INSERT INTO user (id, name, name_key, password, created_at)"
      " VALUES (2147483646, 'a', 'a', '', 0)");
  EXPECT_EQ(add_user("last").value, 2147483647);
  const auto beyond = UserModel(*connection_).insert("beyond", "x", 1);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::kConflict);
}

TEST_F(UserModelTest, ClaimsAnOfflineUserAndRaisesItsEpoch) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  const auto node = start_node("a");
  EXPECT_EQ(claim(alice, node), 1);
  EXPECT_TRUE(online(alice));
  EXPECT_FALSE(online(bob));
  EXPECT_EQ(number("SELECT node_id FROM user WHERE id = 1"), node.id.value);
  EXPECT_EQ(number("SELECT node_epoch FROM user WHERE id = 1"), node.epoch);
  EXPECT_TRUE(UserModel(*connection_).release(alice, 1));
  EXPECT_EQ(claim(alice, node), 2);
}

TEST_F(UserModelTest, RefusesAUserHeldByALiveNode) {
  const auto alice = add_user("alice");
  const auto a = start_node("a");
  const auto b = start_node("b");
  EXPECT_EQ(claim(alice, a), 1);
  EXPECT_EQ(claim(alice, b), std::nullopt);
  // Held by this node while the caller has the reservation: a failed release locks nobody out.
  EXPECT_EQ(claim(alice, a), 2);
  EXPECT_EQ(number("SELECT node_id FROM user"), a.id.value);
  EXPECT_EQ(number("SELECT session_epoch FROM user"), 2);
}

TEST_F(UserModelTest, TakeoverClaimsAUserOfALiveNode) {
  const auto alice = add_user("alice");
  const auto a = start_node("a");
  const auto b = start_node("b");
  EXPECT_EQ(claim(alice, a), 1);
  EXPECT_EQ(claim(alice, b, true), 2);
  EXPECT_EQ(number("SELECT node_id FROM user"), b.id.value);
}

TEST_F(UserModelTest, ClaimsAUserWhoseNodeLostItsEpoch) {
  const auto alice = add_user("alice");
  const auto a = start_node("a");
  const auto b = start_node("b");
  EXPECT_EQ(claim(alice, a), 1);
  run("UPDATE node SET epoch = epoch + 1 WHERE name = 'a'");
  EXPECT_EQ(claim(alice, b), 2);
}

TEST_F(UserModelTest, ClaimsAUserWhoseNodeIsGone) {
  const auto alice = add_user("alice");
  const auto a = start_node("a");
  const auto b = start_node("b");
  EXPECT_EQ(claim(alice, a), 1);
  run("DELETE FROM node WHERE name = 'a'");
  EXPECT_EQ(claim(alice, b), 2);
}

TEST_F(UserModelTest, ClaimsNoUnknownUser) {
  EXPECT_EQ(claim(UserId{7}, start_node("a"), true), std::nullopt);
}

TEST_F(UserModelTest, ClaimsManyAtOnceEachByItsOwnState) {
  const auto offline = add_user("offline");
  const auto here = add_user("here");
  const auto there = add_user("there");
  const auto taken = add_user("taken");
  const auto left = add_user("left");
  const auto a = start_node("a");
  const auto b = start_node("b");
  const auto dead = start_node("dead");
  EXPECT_EQ(claim(here, a), 1);
  EXPECT_EQ(claim(there, b), 1);
  EXPECT_EQ(claim(taken, b), 1);
  EXPECT_EQ(claim(left, dead), 1);
  run("UPDATE node SET epoch = epoch + 1 WHERE name = 'dead'");
  std::vector<Claim> claims{{offline, false}, {here, false}, {there, false},
                            {taken, true},    {left, false}, {UserId{77}}};
  ASSERT_TRUE(write([&] { return UserModel(*connection_).claim(claims, a); }));
  using Outcome = Claim::Outcome;
  const std::vector<Outcome> expected{Outcome::kClaimed, Outcome::kClaimed, Outcome::kRefused,
                                      Outcome::kClaimed, Outcome::kClaimed, Outcome::kAlone};
  for (std::size_t i = 0; i < claims.size(); ++i) {
    EXPECT_EQ(claims[i].outcome, expected[i]) << i;
    EXPECT_EQ(claims[i].held_elsewhere, i == 2 || i == 3) << i;
  }
  EXPECT_EQ(claims[0].epoch, 1);
  for (const std::size_t i : {1u, 3u, 4u}) EXPECT_EQ(claims[i].epoch, 2) << i;
  EXPECT_EQ(number("SELECT COUNT(*) FROM user WHERE state = 'online' AND node_id = 1"), 4);
  EXPECT_EQ(number("SELECT node_id FROM user WHERE name = 'there'"), b.id.value);
  EXPECT_EQ(number("SELECT SUM(session_epoch) FROM user"), 1 + 2 + 1 + 2 + 2);
}

TEST_F(UserModelTest, AnOldSessionCannotReleaseANewerOne) {
  const auto alice = add_user("alice");
  const auto node = start_node("a");
  EXPECT_EQ(claim(alice, node), 1);
  EXPECT_EQ(claim(alice, node, true), 2);
  EXPECT_TRUE(UserModel(*connection_).release(alice, 1));
  EXPECT_TRUE(online(alice));
  EXPECT_TRUE(UserModel(*connection_).release(alice, 2));
  EXPECT_FALSE(online(alice));
}

TEST_F(UserModelTest, TableRefusesInvalidStates) {
  add_user("alice");
  const auto updated = connection_->execute("UPDATE user SET state = 'away'");
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, ErrorCode::kConflict);
}

TEST_F(UserModelTest, StatesReturnTheHolders) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  const auto node = start_node("a");
  UserModel users(*connection_);
  EXPECT_EQ(users.claim(bob, node, false).value(), 1);
  const std::vector<UserId> ids{alice, bob, UserId{77}};
  const auto states = users.states(ids);
  ASSERT_TRUE(states);
  ASSERT_EQ(states->size(), 2u);
  for (const UserState& state : *states) {
    EXPECT_EQ(state.online, state.id == bob);
    EXPECT_EQ(state.holder.id, state.id == bob ? node.id : NodeId{});
    EXPECT_EQ(state.session_epoch, state.id == bob ? 1 : 0);
  }
  const auto held = users.held_by(node);
  ASSERT_TRUE(held);
  ASSERT_EQ(held->size(), 1u);
  EXPECT_EQ(held->front().id, bob);
}

TEST_F(UserModelTest, StatesOfMoreIdsThanOneStatementTakes) {
  std::vector<UserId> ids;
  for (int i = 0; i < 300; ++i) ids.push_back(add_user("user " + std::to_string(i)));
  EXPECT_EQ(UserModel(*connection_).states(ids)->size(), 300u);
}

TEST_F(UserModelTest, ReleasesManyAtOnceEachByItsOwnEpoch) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  const auto carol = add_user("carol");
  const auto node = start_node("a");
  for (const UserId user : {alice, bob}) EXPECT_EQ(claim(user, node), 1);
  EXPECT_EQ(claim(bob, node), 2);
  std::vector<Release> releases{{bob, 1}, {alice, 1}, {carol, 3}, {UserId{77}, 1}};
  ASSERT_TRUE(write([&] { return UserModel(*connection_).release(releases); }));
  using Outcome = Release::Outcome;
  EXPECT_EQ(releases[0].outcome, Outcome::kNewerSession);
  EXPECT_EQ(releases[1].outcome, Outcome::kReleased);
  EXPECT_EQ(releases[2].outcome, Outcome::kNewerSession);
  EXPECT_EQ(releases[3].outcome, Outcome::kNewerSession) << "a deleted user has no session left";
  EXPECT_FALSE(online(alice));
  EXPECT_TRUE(online(bob));
}

TEST_F(UserModelTest, ReleaseReportsWhetherTheSessionWasTheNewest) {
  const auto alice = add_user("alice");
  const auto node = start_node("a");
  UserModel users(*connection_);
  EXPECT_EQ(users.claim(alice, node, false).value(), 1);
  EXPECT_EQ(users.claim(alice, node, true).value(), 2);
  EXPECT_FALSE(users.release(alice, 1).value());
  EXPECT_TRUE(users.release(alice, 2).value());
  EXPECT_FALSE(online(alice));
  EXPECT_TRUE(users.release(alice, 2).value()) << "a repeat counts as the release";
  std::vector<Release> repeat{{alice, 2}};
  ASSERT_TRUE(write([&] { return users.release(repeat); }));
  EXPECT_EQ(repeat[0].outcome, Release::Outcome::kReleased);
}

// The table has lost the login that claimed alice with epoch 3.
TEST_F(UserModelTest, EpochsOfLostSessionsAreNotReused) {
  const auto alice = add_user("alice");
  const auto node = start_node("a");
  const auto other = start_node("b");
  UserModel users(*connection_);
  const auto state = [&] { return users.states(std::span(&alice, 1))->front(); };
  EXPECT_EQ(claim(alice, node), 1);
  ASSERT_TRUE(users.give_up_lost(state(), 3, node));
  EXPECT_FALSE(online(alice));
  EXPECT_EQ(claim(alice, other), 4);
  ASSERT_TRUE(users.give_up_lost(state(), 5, node));
  EXPECT_TRUE(online(alice)) << "another node holds her";
  EXPECT_EQ(state().session_epoch, 4);
}

TEST_F(UserModelTest, ReleaseKeepsASessionOfAnotherNode) {
  const auto alice = add_user("alice");
  const auto node = start_node("a");
  const auto other = start_node("b");
  EXPECT_EQ(claim(alice, other), 1);
  UserModel users(*connection_);
  EXPECT_FALSE(users.release(alice, 1, node).value());
  std::vector<Release> releases{{alice, 1}};
  ASSERT_TRUE(write([&] { return users.release(releases, node); }));
  EXPECT_EQ(releases[0].outcome, Release::Outcome::kNewerSession);
  EXPECT_TRUE(online(alice));
  EXPECT_TRUE(users.release(alice, 1, other).value());
  EXPECT_TRUE(users.release(alice, 1, node).value()) << "a repeat counts as the release";
}

TEST_F(UserModelTest, RemovedAccountHasNoCurrentSession) {
  const auto alice = add_user("alice");
  UserModel users(*connection_);
  EXPECT_EQ(claim(alice, start_node("a")), 1);
  EXPECT_FALSE(write([&] { return users.is_removed_locked(alice); }).value());
  EXPECT_FALSE(users.remove(alice, "another hash").value());
  EXPECT_TRUE(users.remove(alice, "hash").value());
  EXPECT_TRUE(write([&] { return users.is_removed_locked(alice); }).value());
  EXPECT_TRUE(write([&] { return users.is_removed_locked(UserId{77}); }).value());
  EXPECT_EQ(number("SELECT COUNT(*) FROM user WHERE state = 'online'"), 0);
  EXPECT_FALSE(users.release(alice, 1).value()) << "its session is not current any more";
}

TEST_F(UserModelTest, LockedStateReturnsTheHolder) {
  const auto alice = add_user("alice");
  const auto node = start_node("a");
  EXPECT_EQ(claim(alice, node), 1);
  UserModel users(*connection_);
  const auto state = write([&] { return users.state_locked(alice); });
  ASSERT_TRUE(state && *state);
  EXPECT_TRUE((*state)->online);
  EXPECT_EQ((*state)->holder.id, node.id);
  EXPECT_EQ((*state)->session_epoch, 1);
  EXPECT_FALSE(write([&] { return users.state_locked(UserId{77}); }).value());
}

}  // namespace
}  // namespace chat::storage

#include "chat/storage/node_model.h"

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class NodeModelTest : public StorageTest {
 protected:
  Node start(std::string_view name, bool alone = false) {
    const auto node = begin_node(*connection_, name, alone);
    EXPECT_TRUE(node) << node.error().message;
    return node.value_or(Node{});
  }
  bool online(UserId id) { return (*UserModel(*connection_).find(id))->online; }
};

TEST_F(NodeModelTest, EachStartRaisesTheEpochOfTheSameNode) {
  const auto first = start("a");
  const auto other = start("b");
  const auto again = start("a");
  EXPECT_EQ(first.epoch, 1);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.epoch, 2);
  EXPECT_NE(other.id, first.id);
  EXPECT_EQ(other.epoch, 1);
}

TEST_F(NodeModelTest, SetsOnlyItsOwnEarlierUsersOffline) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  UserModel users(*connection_);
  EXPECT_TRUE(users.claim(alice, start("a"), false).value());
  EXPECT_TRUE(users.claim(bob, start("b"), false).value());
  start("a");
  EXPECT_FALSE(online(alice));
  EXPECT_TRUE(online(bob));
}

TEST_F(NodeModelTest, AloneSetsEveryUserOfflineAndEndsEveryOtherNodesEpoch) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  UserModel users(*connection_);
  EXPECT_TRUE(users.claim(alice, start("a"), false).value());
  EXPECT_TRUE(users.claim(bob, start("b"), false).value());
  run("UPDATE user SET node_id = NULL WHERE id = 2");
  const auto renamed = start("c", true);
  EXPECT_EQ(renamed.epoch, 1);
  EXPECT_FALSE(online(alice));
  EXPECT_FALSE(online(bob));
  EXPECT_EQ(number("SELECT MIN(epoch) FROM node WHERE name <> 'c'"), 2);
  EXPECT_EQ(number("SELECT epoch FROM node WHERE name = 'c'"), 1);
}

TEST_F(NodeModelTest, ANewEpochKeepsSessionEpochsGrowing) {
  const auto alice = add_user("alice");
  UserModel users(*connection_);
  EXPECT_EQ(users.claim(alice, start("a"), false).value(), 1);
  const auto again = start("a");
  EXPECT_EQ(users.claim(alice, again, false).value(), 2);
  // The session of the dead process cannot release the new one.
  EXPECT_TRUE(users.release(alice, 1));
  EXPECT_TRUE(online(alice));
}

TEST_F(NodeModelTest, ServerOfTheSameNameConflictsUntilItEnds) {
  const auto first = start("a");
  NodeModel nodes(*connection_);
  const auto refused = nodes.start({.name = "a"});
  ASSERT_TRUE(refused && refused->obstacle);
  EXPECT_EQ(refused->obstacle->node.id, first.id);
  EXPECT_EQ(number("SELECT epoch FROM node"), first.epoch);
  EXPECT_FALSE(nodes.start({.name = "b"})->obstacle);
  ASSERT_TRUE(nodes.end(first));
  EXPECT_FALSE(nodes.start({.name = "a"})->obstacle);
}

TEST_F(NodeModelTest, ServerWithoutABusConflictsWithEveryOther) {
  const auto clustered = start("a");
  NodeModel nodes(*connection_);
  EXPECT_TRUE(nodes.start({.name = "b", .alone = true})->obstacle);
  ASSERT_TRUE(nodes.end(clustered));
  EXPECT_FALSE(nodes.start({.name = "b", .alone = true})->obstacle);
  EXPECT_EQ(number("SELECT alone FROM node WHERE name = 'b'"), 1);
  EXPECT_TRUE(nodes.start({.name = "a"})->obstacle);
  EXPECT_TRUE(nodes.start({.name = "c", .alone = true})->obstacle);
}

TEST_F(NodeModelTest, StartEndsADeadConflictingServer) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  UserModel users(*connection_);
  NodeModel nodes(*connection_);
  const auto lone = start("lone", true);
  EXPECT_TRUE(users.claim(alice, lone, false).value());
  const auto bystander = start("bystander");
  EXPECT_TRUE(users.claim(bob, bystander, false).value());
  const std::vector<NodeRow> dead = {nodes.all()->front()};
  ASSERT_EQ(dead[0].name, "lone");
  EXPECT_FALSE(nodes.start({.name = "a", .dead = dead})->obstacle);
  EXPECT_FALSE(online(alice));
  EXPECT_TRUE(online(bob));
  EXPECT_FALSE(nodes.renew(lone, std::chrono::seconds(10), false).value());
  EXPECT_TRUE(nodes.renew(bystander, std::chrono::seconds(10), false).value());
}

TEST_F(NodeModelTest, ChangedRowIsNotDead) {
  const auto first = start("a");
  NodeModel nodes(*connection_);
  const std::vector<NodeRow> dead = {nodes.all()->front()};
  ASSERT_TRUE(nodes.renew(first, std::chrono::seconds(10), false).value());
  EXPECT_TRUE(nodes.start({.name = "a", .dead = dead})->obstacle);
  EXPECT_TRUE(nodes.renew(first, std::chrono::seconds(10), false).value());
}

// As after a COMMIT whose answer was lost.
TEST_F(NodeModelTest, AStartMayBeRepeated) {
  NodeModel nodes(*connection_);
  const NodeStart mine{.name = "a", .alone = true, .holder = "me"};
  const auto first = nodes.start(mine);
  ASSERT_TRUE(first && !first->obstacle);
  const auto again = nodes.start(mine);
  ASSERT_TRUE(again && !again->obstacle);
  EXPECT_EQ(again->node.id, first->node.id);
  EXPECT_TRUE(nodes.start({.name = "a", .alone = true, .holder = "another"})->obstacle);
}

TEST_F(NodeModelTest, RenewsOnlyTheCurrentEpoch) {
  const auto first = start("a");
  NodeModel nodes(*connection_);
  EXPECT_TRUE(nodes.renew(first, std::chrono::seconds(10), true).value());
  EXPECT_TRUE(nodes.all()->front().mute);
  const auto again = start("a");
  EXPECT_FALSE(nodes.renew(first, std::chrono::seconds(10), false).value());
  EXPECT_TRUE(nodes.renew(again, std::chrono::seconds(10), false).value());
}

TEST_F(NodeModelTest, SweepFreesTheDeadNodesUsersOnly) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  UserModel users(*connection_);
  NodeModel nodes(*connection_);
  const auto dead = start("a");
  EXPECT_TRUE(users.claim(alice, dead, false).value());
  EXPECT_TRUE(users.claim(bob, start("b"), false).value());
  const NodeRow seen = nodes.all()->front();
  EXPECT_GT(seen.lease_until, 0);
  const auto swept = nodes.sweep(seen);
  ASSERT_TRUE(swept && *swept);
  EXPECT_EQ(**swept, std::vector<UserId>{alice});
  EXPECT_FALSE(online(alice));
  EXPECT_TRUE(online(bob));
  EXPECT_EQ(nodes.all()->front().node.epoch, dead.epoch + 1);
  EXPECT_EQ(nodes.all()->front().lease_until, 0);
  EXPECT_FALSE(nodes.renew(dead, std::chrono::seconds(10), false).value());
}

TEST_F(NodeModelTest, SweepSparesAChangedRow) {
  const auto alice = add_user("alice");
  NodeModel nodes(*connection_);
  const auto alive = start("a");
  EXPECT_TRUE(UserModel(*connection_).claim(alice, alive, false).value());
  const NodeRow seen = nodes.all()->front();
  EXPECT_TRUE(nodes.renew(alive, std::chrono::seconds(10), false).value());
  const auto swept = nodes.sweep(seen);
  ASSERT_TRUE(swept);
  EXPECT_FALSE(*swept);
  EXPECT_TRUE(online(alice));
}

TEST_F(NodeModelTest, AnEndedNodeHoldsNobody) {
  const auto alice = add_user("alice");
  UserModel users(*connection_);
  NodeModel nodes(*connection_);
  const auto node = start("a");
  EXPECT_TRUE(users.claim(alice, node, false).value());
  ASSERT_TRUE(nodes.end(node));
  EXPECT_EQ(nodes.all()->front().lease_until, 0);
  EXPECT_TRUE(users.claim(alice, start("b"), false).value());
}

}  // namespace
}  // namespace chat::storage

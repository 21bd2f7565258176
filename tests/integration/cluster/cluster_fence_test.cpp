// A session that has ended elsewhere, while its server was paused and nobody could tell it, changes
// nothing about people and groups any more.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "integration/cluster/cluster_fixture.h"
#include "integration/people/contact_requests.h"
#include "support/processes/operator_tool.h"

namespace chat::test {
namespace {

enum class End { kTakenOver, kKicked, kDisabled, kDeleted };

std::string name_of(End end) {
  switch (end) {
    case End::kTakenOver: return "TakenOver";
    case End::kKicked: return "Kicked";
    case End::kDisabled: return "Disabled";
    case End::kDeleted: return "Deleted";
  }
  return {};
}

// alice is on node 0, the others are on node 1. There is no Redis, so node 0 goes on with its input
// before it looks at the table.
class EndedSession : public WithCluster, public ::testing::WithParamInterface<End> {
 protected:
  void SetUp() override {
    WithCluster::SetUp();
    if (IsSkipped()) return;
    alice = std::make_unique<User>(user_on(0, "alice"));
    bob = std::make_unique<User>(user_on(1, "bob"));
    carol = std::make_unique<User>(user_on(1, "carol"));
    own_group = alice->create_group("own");
    bob->join_group(own_group);
    other_group = carol->create_group("other");
    cluster->redis().kill9();
  }

  std::int64_t number(const std::string& sql) const { return cluster->storage().number(sql); }
  // Whatever the acts below would change.
  std::vector<std::int64_t> world() const {
    std::vector<std::int64_t> numbers;
    for (const char* sql :
         {"SELECT COUNT(*) FROM groupmessage", "SELECT COUNT(*) FROM allgroup",
          "SELECT COUNT(*) FROM groupuser WHERE left_seq = 0", "SELECT COUNT(*) FROM friend",
          "SELECT COUNT(*) FROM friendrequest", "SELECT COUNT(*) FROM block",
          "SELECT COUNT(*) FROM groupinvite", "SELECT COUNT(*) FROM groupcode",
          "SELECT COUNT(*) FROM user WHERE nick <> ''",
          "SELECT COUNT(*) FROM user WHERE password = ''", "SELECT COUNT(*) FROM session"}) {
      numbers.push_back(number(sql));
    }
    return numbers;
  }
  std::vector<Json> acts() const {
    return {{{"msgid", 43}, {"groupid", own_group}, {"userid", bob->id()}, {"seconds", 60}},
            {{"msgid", 44}, {"groupid", own_group}, {"groupdesc", "new"}},
            {{"msgid", 42}, {"groupid", own_group}, {"userid", bob->id()}, {"role", "admin"}},
            {{"msgid", 46}, {"groupid", own_group}, {"userid", carol->id()}},
            {{"msgid", 46}, {"groupid", own_group}, {"code", {{"days", 1}, {"uses", 1}}}},
            {{"msgid", 41}, {"groupid", own_group}, {"userid", bob->id()}},
            {{"msgid", 47}, {"groupid", own_group}},
            create_group_request(alice->account, "late"),
            join_group_request(alice->account, other_group),
            ask_request(carol->id()),
            block_request(bob->id()),
            {{"msgid", 36}, {"nick", "late"}},
            {{"msgid", 29}, {"others", true}}};
  }
  void end_session() {
    if (GetParam() == End::kTakenOver) {
      log_in_on(1, alice->account, taking_over());
      return;
    }
    std::vector<std::string> words{GetParam() == End::kKicked ? "kick" : "disable", "alice"};
    if (GetParam() == End::kDeleted) words = {"delete", "alice", "--yes"};
    OperatorTool(cluster->node(1)).ask(words);
  }

  std::unique_ptr<User> alice;
  std::unique_ptr<User> bob;
  std::unique_ptr<User> carol;
  std::int64_t own_group = 0;
  std::int64_t other_group = 0;
};
INSTANTIATE_TEST_SUITE_P(AllWays, EndedSession,
                         ::testing::Values(End::kTakenOver, End::kKicked, End::kDisabled,
                                           End::kDeleted),
                         [](const auto& end) { return name_of(end.param); });

TEST_P(EndedSession, OfAPausedServerChangesNothing) {
  cluster->node(0).freeze();
  for (const Json& act : acts()) alice->client.send(act);
  end_session();
  const auto before = world();
  cluster->node(0).thaw();
  // No answer at all if the server learns of the end before it reads the acts.
  for (const Json& answer : alice->client.receive_to_end()) {
    EXPECT_NE(answer.value("errno", -1), 0) << answer;
  }
  EXPECT_EQ(world(), before);
}

// A user is deleted while it is becoming a member: the group is locked by somebody else, so its
// join is in the middle of its transaction.
class DeletedWhileJoining : public WithCluster {
 protected:
  void SetUp() override {
    WithCluster::SetUp();
    if (IsSkipped()) return;
    alice = std::make_unique<User>(user_on(0, "alice"));
    bob = std::make_unique<User>(user_on(0, "bob"));
    group = bob->create_group("club");
  }

  std::int64_t number(const std::string& sql) const { return cluster->storage().number(sql); }
  // Sends `join`, which meets the lock; deletes Alice on the other node; ends the lock.
  void delete_while(User& joiner, const Json& join) {
    const std::string database = cluster->storage().database();
    std::thread lock([&] {
      try {
        mariadb().query("BEGIN; SELECT id FROM allgroup FOR UPDATE; SELECT SLEEP(30); ROLLBACK",
                        database);
      } catch (const std::runtime_error&) {  // killed below
      }
    });
    std::string sleeper;
    EXPECT_TRUE(wait_until([&] {
      sleeper = mariadb().query(
          "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(30)%'");
      return !sleeper.empty();
    }));
    joiner.client.send(join);
    EXPECT_TRUE(wait_until([] {
      return mariadb().query(
                 "SELECT COUNT(*) FROM information_schema.processlist"
                 " WHERE command = 'Execute' AND time_ms > 100") != "0";
    }));
    std::thread release([&] { mariadb().query("DO SLEEP(0.3); KILL " + sleeper); });
    // Busy while the join holds the user's row.
    EXPECT_TRUE(wait_until([&] {
      return OperatorTool(cluster->node(1)).run({"delete", "alice", "--yes"}).exit_code == 0;
    }));
    release.join();
    lock.join();
  }
  void expect_no_ghost() {
    bob->group_chat(group, "after everything");
    EXPECT_EQ(number("SELECT COUNT(*) FROM user WHERE password = ''"), 1);
    EXPECT_EQ(number("SELECT COUNT(*) FROM groupuser gu JOIN user u ON u.id = gu.userid"
                     " WHERE u.password = ''"),
              0);
    // Whoever has joined has left.
    const auto rows = [&](const std::string& event) {
      return number("SELECT COUNT(*) FROM groupmessage WHERE extra LIKE '%\"" + event + "\"%'");
    };
    EXPECT_EQ(rows("joined"), rows("left"));
  }

  std::unique_ptr<User> alice;
  std::unique_ptr<User> bob;
  std::int64_t group = 0;
};

TEST_F(DeletedWhileJoining, LeavesNoGhostMember) {
  delete_while(*alice, join_group_request(alice->account, group));
  (void)alice->client.receive_to_end();
  expect_no_ghost();
}

}  // namespace
}  // namespace chat::test

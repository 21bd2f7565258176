#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "integration/cluster/cluster_fixture.h"

// Two servers whose links to the database can lose the answer to a COMMIT.
namespace chat::test {

using Cut = MysqlProxy::Cut;

// How soon the servers agree with the tables.
inline constexpr milliseconds kAgreement{15'000};

class WithLostAnswers : public WithCluster {
 protected:
  explicit WithLostAnswers(const Settings& more = {}) : WithCluster(2, more, Wiring::kOwnLinks) {}

  MysqlProxy& database(std::size_t node) { return cluster->links(node).database; }
  std::int64_t number(const std::string& sql) { return cluster->storage().number(sql); }

  // Seqs of the group's messages that reach the member up to the text `last`.
  static std::vector<std::int64_t> seqs_up_to(User& member, const std::string& last) {
    std::vector<std::int64_t> seqs;
    for (;;) {
      const Json message = member.client.push(10);
      seqs.push_back(message.at("seq"));
      if (message.at("msg") == last) return seqs;
    }
  }
  // Expects the other's state, whatever is pushed before.
  static bool hears_state(User& user, std::int64_t other, const std::string& state) {
    const Deadline deadline(kAgreement);
    while (!deadline.passed()) {
      try {
        const Json push = user.client.push(kPresence);
        if (push.at("id") == other && push.at("state") == state) return true;
      } catch (const TimedOut&) {
      }
    }
    return false;
  }
  // Without a takeover, so that a leftover claim is detected.
  bool can_log_in_soon(std::size_t node, const Account& account) {
    return wait_until(
        [&] {
          RawClient client(port(node));
          return client.request(login_request(account)).at("errno") == 0;
        },
        kAgreement);
  }
};

class LostAnswer : public WithLostAnswers, public ::testing::WithParamInterface<Cut> {
 protected:
  // Cuts the next write with such a statement on node 0.
  void lose(const std::string& statement) { database(0).cut_next_commit_of(statement, GetParam()); }
  void expect_lost() { EXPECT_FALSE(database(0).cut_is_due()) << "nothing was cut"; }
};
// With $CHAT_TEST_HELD_COMMITS also a COMMIT that hangs while its transaction keeps its locks; each
// such test takes some seconds longer.
inline std::vector<Cut> ways() {
  std::vector<Cut> all{Cut::kAfterDelivery, Cut::kBeforeDelivery};
  if (std::getenv("CHAT_TEST_HELD_COMMITS") != nullptr) all.push_back(Cut::kHold);
  return all;
}
inline std::string way_name(const ::testing::TestParamInfo<Cut>& way) {
  if (way.param == Cut::kHold) return "Held";
  return way.param == Cut::kAfterDelivery ? "AfterTheEffect" : "BeforeTheEffect";
}

// Handlers of node 0 have one connection to the database; once cut, there is none until the outage
// ends.
class LostInAnOutage : public WithLostAnswers {
 protected:
  LostInAnOutage() : WithLostAnswers({"mysql.pool_size=1"}) {}

  // Loses the answer to the next such write, and starts an outage.
  void lose_and_cut_off(const std::string& statement) {
    database(0).network().refuse(true);
    database(0).cut_next_commit_of(statement, Cut::kAfterDelivery);
  }
  void end_outage() {
    EXPECT_FALSE(database(0).cut_is_due()) << "nothing was cut";
    database(0).network().refuse(false);
  }
  void expect_unavailable(RawClient& client, const Json& request) {
    const Json reply = client.request(request);
    EXPECT_EQ(reply.at("errno"), 32) << reply;
    EXPECT_GT(reply.value("retry_after_ms", 0), 0) << reply;
  }
};

}  // namespace chat::test

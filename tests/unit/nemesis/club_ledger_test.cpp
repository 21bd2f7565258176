#include "faults/nemesis/club_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::test::nemesis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = LifeAct::Kind;

// Every kind of violation, each shown to be found.
class NemesisClubLedger : public ::testing::Test {
 protected:
  static constexpr std::int64_t kAlice = 1;  // the creator
  static constexpr std::int64_t kBob = 2;
  static constexpr std::int64_t kCarol = 3;
  static constexpr std::int64_t kTea = 9;

  NemesisClubLedger() {
    ledger.add(kTea, kAlice);
    table.memberships[kAlice] = {"creator", false, 0, 0};
    join(kBob);
    join(kCarol);
  }
  LifeAct act(Kind kind, std::int64_t actor, std::int64_t target = 0) const {
    return {.kind = kind,
            .actor = actor,
            .club = kTea,
            .target = target,
            .from_head = static_cast<std::int64_t>(table.rows.size())};
  }
  std::int64_t store(std::int64_t sender, const std::string& event = "", std::int64_t user = 0,
                     const std::string& role = "") {
    table.rows.push_back(
        {static_cast<std::int64_t>(table.rows.size()) + 1, sender, event, user, role});
    return table.rows.back().seq;
  }
  void join(std::int64_t user) {
    ledger.asked(act(Kind::kJoin, user));
    const std::int64_t seq = store(user, "joined", user);
    table.memberships[user] = {"normal", false, seq, 0};
  }
  void remove_bob() {
    ledger.asked(act(Kind::kRemove, kAlice, kBob));
    ledger.answered(act(Kind::kRemove, kAlice, kBob), 0);
    table.memberships[kBob].left_seq = store(kAlice, "removed", kBob);
  }
  void mute_bob() {
    ledger.asked(act(Kind::kMute, kAlice, kBob));
    store(kAlice, "muted", kBob);
    table.memberships[kBob].muted = true;
  }
  void push(std::int64_t user, std::int64_t seq) {
    const ClubRow& row = table.rows.at(static_cast<std::size_t>(seq) - 1);
    Json json = {{"msgid", 10}, {"groupid", kTea}, {"seq", seq}, {"id", row.sender}};
    if (!row.event.empty()) json["event"] = row.event;
    if (row.user != 0) json["user"] = row.user;
    if (!row.role.empty()) json["role"] = row.role;
    ledger.pushed(user, json, true);
  }
  std::vector<std::string> compare() { return ledger.compare({{kTea, table}}); }
  void expect_only(const std::string& what) {
    EXPECT_THAT(compare(), ElementsAre(HasSubstr(what)));
  }

  ClubLedger ledger;
  ClubTable table;
};

TEST_F(NemesisClubLedger, AcceptsACorrectLife) {
  const std::int64_t message = store(kCarol);
  for (const std::int64_t seq : {std::int64_t{2}, message}) push(kBob, seq);
  remove_bob();
  push(kBob, static_cast<std::int64_t>(table.rows.size()));
  store(kAlice);
  ledger.answered(act(Kind::kChat, kBob), 23);
  EXPECT_THAT(compare(), IsEmpty());
  EXPECT_EQ(ledger.missing(kBob), "");
}

TEST_F(NemesisClubLedger, FindsAMessageAfterARemoval) {
  remove_bob();
  store(kBob);
  expect_only("a message of user 2, is after the event that forbids it (errno 23)");
}

TEST_F(NemesisClubLedger, FindsAMessageAfterAMute) {
  mute_bob();
  store(kBob);
  expect_only("is after the event that forbids it (errno 22)");
}

TEST_F(NemesisClubLedger, FindsAMessageWhileAllAreMuted) {
  store(kAlice, "muted");
  table.muted_all = true;
  store(kAlice);
  store(kBob);
  expect_only("seq 5, a message of user 2");
}

TEST_F(NemesisClubLedger, FindsAnActWithoutTheRight) {
  store(kBob, "muted", kCarol);
  table.memberships[kCarol].muted = true;
  expect_only("muted by user 2, user 3, is after the event that forbids it");
}

TEST_F(NemesisClubLedger, FindsAPushFromAfterARemoval) {
  remove_bob();
  push(kBob, store(kAlice));
  expect_only("user 2 got seq 4, a message of user 1, outside of its membership");
}

TEST_F(NemesisClubLedger, FindsAPushThatDiffersFromTheTable) {
  mute_bob();
  push(kCarol, 3);
  table.rows.back().user = kCarol;
  std::swap(table.memberships[kBob].muted, table.memberships[kCarol].muted);
  ledger.asked(act(Kind::kMute, kAlice, kCarol));
  expect_only("user 3 got seq 3 as \"muted by user 1, user 2\"");
}

TEST_F(NemesisClubLedger, FindsAGapInAView) {
  push(kBob, 2);
  store(kAlice);
  push(kBob, store(kAlice));
  expect_only("user 2 never got seq 3");
}

TEST_F(NemesisClubLedger, TellsWhatAMemberMisses) {
  store(kAlice);
  EXPECT_THAT(compare(), IsEmpty());
  EXPECT_THAT(ledger.missing(kCarol), HasSubstr("user 3 misses seq 3"));
}

TEST_F(NemesisClubLedger, FindsAnAnswerThatWasNeverRight) {
  ledger.answered(act(Kind::kMute, kBob, kCarol), 0);
  expect_only("was answered 0; right would be 22");
}

TEST_F(NemesisClubLedger, FindsAConfirmedActWithoutEffect) {
  ledger.answered(act(Kind::kMute, kAlice, kCarol), 0);
  expect_only("has no effect in the table");
}

TEST_F(NemesisClubLedger, FindsAnActThatHappenedTwice) {
  remove_bob();
  join(kBob);
  table.memberships[kBob].left_seq = store(kAlice, "removed", kBob);
  expect_only("removed by user 1, user 2: 2 events, asked for 1 times");
}

TEST_F(NemesisClubLedger, FindsAMembershipThatDisagrees) {
  table.memberships[kBob].role = "admin";
  expect_only("the membership of user 2 is admin since 1; the events say normal since 1");
}

TEST_F(NemesisClubLedger, FindsAMuteThatDisagrees) {
  table.memberships[kBob].muted = true;
  expect_only("disagrees about the mute");
}

}  // namespace
}  // namespace chat::test::nemesis

// A group with as many members as a group may have, hundreds of them connected to two servers, in
// which people join, leave and are muted all the time while others write. At the end no member's
// view differs from the tables: its own membership and mute, the list of members, and every row of
// the stream, in order and once.
//
//   CHAT_CROWDED_SECONDS  how long it goes on; 15 by default
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <list>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "faults/nemesis/club_ledger.h"
#include "support/clients/expect.h"
#include "support/figure.h"
#include "support/processes/cluster.h"
#include "support/test_seed.h"

namespace chat::test {
namespace {

using nemesis::Clock;
using nemesis::ClubLedger;
using nemesis::ClubTable;
using nemesis::LifeAct;
using Kind = LifeAct::Kind;

constexpr int kMembers = 2'000;
constexpr int kConnected = 200;
constexpr int kMovers = 80;   // of the connected, who join and leave all the time
constexpr int kSenders = 40;  // the next ones, who write and are muted
constexpr int kAdmins = 2;    // one on each server
constexpr int kRosters = 12;  // members who ask for the whole list at the end
constexpr milliseconds kActEvery{20};
constexpr milliseconds kChatEvery{50};
constexpr int kActsLeast = 5;  // a second
constexpr int kMuteSeconds = 3'600;
constexpr milliseconds kAllArrives{20'000};
constexpr milliseconds kTurn{5};

std::chrono::seconds run_time() {
  const char* given = std::getenv("CHAT_CROWDED_SECONDS");
  return std::chrono::seconds(given == nullptr ? 15 : std::atoi(given));
}

// One connected member.
struct Visitor {
  Account account;
  RawClient client;
  std::int64_t last = 0;            // seq
  std::optional<Kind> waits_for{};  // an act without its answer
  bool inside = true;               // as it was told
};

class CrowdedGroup : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
    cluster = std::make_unique<Cluster>();
    random.seed(test_seed());
  }
  std::vector<std::vector<std::string>> rows(const std::string& sql) {
    std::vector<std::vector<std::string>> all;
    std::istringstream lines(mariadb().query(sql, cluster->storage().database()));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream cells(line);
      all.emplace_back();
      for (std::string cell; std::getline(cells, cell, '\t');) all.back().push_back(cell);
    }
    return all;
  }
  Visitor& visitor(int number) { return *std::next(visitors.begin(), number); }
  int any(int least, int most) { return std::uniform_int_distribution(least, most)(random); }

  void make_members();
  void connect();
  void run();
  void move();
  void mute();
  void write();
  void ask(Visitor& who, Kind kind, std::int64_t target = 0);
  void read_all(milliseconds patience);
  void take(Visitor& who, const Json& frame);
  bool is_busy(const Json& frame);
  bool all_answered() const;
  ClubTable read_table();
  void settle();
  void compare_rosters(const ClubTable& table);
  void compare_own_rights();

  std::unique_ptr<Cluster> cluster;
  std::int64_t group = 0;
  std::list<Visitor> visitors;  // the creator, then the admins, then everybody else
  ClubLedger ledger;
  std::mt19937_64 random;
  int next_mover = 0;
  int next_sender = 0;
  std::int64_t acts = 0;  // made
  std::int64_t busy = 0;  // refused for now
  std::int64_t chats = 0;
  std::int64_t frames = 0;
};

// All have the creator's password.
void CrowdedGroup::make_members() {
  User creator = new_user(cluster->port(0), "m0");
  group = creator.create_group("crowded");
  ledger.add(group, creator.id());
  const std::string id = std::to_string(group);
  cluster->storage().execute(
      "INSERT INTO user (name, name_key, password, created_at)"
      " SELECT CONCAT('m', seq), CONCAT('m', seq), u.password, 1"
      " FROM seq_1_to_" +
      std::to_string(kMembers - 1) + " JOIN user u ON u.name = 'm0'");
  cluster->storage().execute(
      "INSERT INTO groupuser (groupid, userid, grouprole, joined_seq, delivered_seq, read_seq)"
      " SELECT " +
      id +
      ", id, IF(name IN ('m1', 'm2'), 'admin', 'normal'), 0, 0, 0 FROM user"
      " WHERE name <> 'm0'");
  for (const auto& row : rows("SELECT userid, grouprole FROM groupuser WHERE groupid = " + id)) {
    if (row.at(1) != "creator") ledger.add_member(group, std::stoll(row.at(0)), row.at(1));
  }
  creator.log_out();
  for (const auto& row :
       rows("SELECT id, name FROM user ORDER BY CAST(SUBSTRING(name, 2) AS UNSIGNED) LIMIT " +
            std::to_string(kConnected))) {
    const Account account{std::stoll(row.at(0)), row.at(1), creator.account.password};
    const auto node = visitors.size() % 2;
    visitors.push_back({account, RawClient(cluster->port(node))});
  }
}

void CrowdedGroup::connect() {
  for (Visitor& who : visitors) {
    who.client.keep_notices();
    request_ok(who.client, login_request(who.account, {{"ack", true}}));
  }
}

bool CrowdedGroup::all_answered() const {
  return std::ranges::none_of(visitors,
                              [](const Visitor& who) { return who.waits_for.has_value(); });
}

void CrowdedGroup::ask(Visitor& who, Kind kind, std::int64_t target) {
  if (who.waits_for) return;
  const LifeAct act{.kind = kind, .actor = who.account.id, .club = group, .target = target};
  Json request = nemesis::request_of(act);
  if (kind == Kind::kMute) request["seconds"] = kMuteSeconds;
  ledger.asked(act);
  who.client.send_raw(request.dump() + "\n");
  who.waits_for = kind;
}

void CrowdedGroup::move() {
  Visitor& who = visitor(1 + kAdmins + next_mover);
  next_mover = (next_mover + 1) % kMovers;
  ask(who, who.inside ? Kind::kLeave : Kind::kJoin);
}

void CrowdedGroup::mute() {
  const std::int64_t target = visitor(1 + kAdmins + kMovers + any(0, kSenders - 1)).account.id;
  ask(visitor(1 + any(0, kAdmins - 1)), any(0, 1) == 0 ? Kind::kMute : Kind::kUnmute, target);
}

void CrowdedGroup::write() {
  Visitor& who = visitor(1 + kAdmins + kMovers + next_sender);
  next_sender = (next_sender + 1) % kSenders;
  who.client.send_raw(
      group_chat_request(who.account, group, "text", "c" + std::to_string(++chats)).dump() + "\n");
}

// On a slow machine, an act may have waited too long for the group. It had no effect.
bool CrowdedGroup::is_busy(const Json& frame) {
  if (frame.value("error", "") != "busy") return false;
  ++busy;
  return true;
}

void CrowdedGroup::take(Visitor& who, const Json& frame) {
  const int msgid = frame.at("msgid");
  ++frames;
  if (msgid == 10) {
    const std::int64_t seq = frame.at("seq");
    EXPECT_GT(seq, who.last) << who.account.name << " got it twice or late: " << frame;
    who.last = std::max(who.last, seq);
    ledger.pushed(who.account.id, frame, true);
    who.client.send_raw(group_delivered_request(group, seq).dump() + "\n");
  } else if (who.waits_for && (msgid == 109 || msgid == 140 || msgid == 143)) {
    const Kind kind = *std::exchange(who.waits_for, std::nullopt);
    if (is_busy(frame)) return;
    EXPECT_EQ(frame.at("errno"), 0) << who.account.name << ": " << frame;
    ++acts;
    if (kind == Kind::kJoin) who.inside = true;
    if (kind == Kind::kLeave) who.inside = false;
  } else if (msgid == 110 && frame.at("errno") != 0 && !is_busy(frame)) {
    EXPECT_EQ(frame.at("error"), "not_allowed") << frame;
  }
}

void CrowdedGroup::read_all(milliseconds patience) {
  std::vector<pollfd> waits;
  for (Visitor& who : visitors) waits.push_back({who.client.fd(), POLLIN, 0});
  ::poll(waits.data(), waits.size(), static_cast<int>(patience.count()));
  auto wait = waits.begin();
  for (Visitor& who : visitors) {
    if ((wait++)->revents != 0) who.client.take_in(milliseconds{0});
    while (who.client.waiting() > 0) take(who, who.client.receive());
  }
}

// Of five acts four are moves.
void CrowdedGroup::run() {
  const auto end = Clock::now() + run_time();
  auto next_act = Clock::now();
  auto next_chat = next_act;
  for (std::int64_t turn = 0; Clock::now() < end && !HasFailure();) {
    while (next_act <= Clock::now()) {
      next_act += kActEvery;
      ++turn % 5 == 0 ? mute() : move();
    }
    while (next_chat <= Clock::now()) {
      next_chat += kChatEvery;
      write();
    }
    read_all(kTurn);
  }
}

ClubTable CrowdedGroup::read_table() {
  ClubTable table;
  const std::string of = " WHERE groupid = " + std::to_string(group);
  for (const auto& row :
       rows("SELECT seq, sender, COALESCE(extra, '{}') FROM groupmessage" + of + " ORDER BY seq")) {
    const Json extra = Json::parse(row.at(2));
    table.rows.push_back({std::stoll(row.at(0)), std::stoll(row.at(1)), extra.value("event", ""),
                          extra.value("user", std::int64_t{0}), extra.value("role", "")});
  }
  for (const auto& row : rows("SELECT userid, grouprole, muted_until > 0, joined_seq, left_seq"
                              " FROM groupuser" +
                              of)) {
    table.memberships[std::stoll(row.at(0))] = {row.at(1), row.at(2) == "1", std::stoll(row.at(3)),
                                                std::stoll(row.at(4))};
  }
  return table;
}

// Everybody gets everything.
void CrowdedGroup::settle() {
  const auto began = Clock::now();
  wait_until(
      [this] {
        read_all(kTurn);
        return all_answered();
      },
      kAllArrives);
  EXPECT_TRUE(all_answered());
  for (const std::string& what : ledger.compare({{group, read_table()}})) ADD_FAILURE() << what;
  std::string missing;
  wait_until(
      [&] {
        read_all(kTurn);
        missing.clear();
        for (const Visitor& who : visitors) {
          missing = ledger.missing(who.account.id);
          if (!missing.empty()) break;
        }
        return missing.empty();
      },
      kAllArrives);
  EXPECT_EQ(missing, "");
  for (const std::string& what : ledger.compare({{group, read_table()}})) ADD_FAILURE() << what;
  figure("crowded group: settling", std::chrono::duration_cast<milliseconds>(Clock::now() - began));
}

void CrowdedGroup::compare_rosters(const ClubTable& table) {
  std::map<std::int64_t, std::string> wanted;
  for (const auto& [user, row] : table.memberships) {
    if (row.left_seq == 0) wanted[user] = row.role + (row.muted ? ", muted" : "");
  }
  for (int i = 0; i < kRosters; ++i) {
    Visitor& who = visitor(any(0, kConnected - 1));
    if (!wanted.contains(who.account.id)) continue;
    std::map<std::int64_t, std::string> shown;
    Json request = {{"msgid", 30}, {"groupid", group}};
    for (bool more = true; more;) {
      const Json page = request_ok(who.client, request);
      for (const Json& user : page.at("users")) {
        shown[user.at("id")] =
            user.at("role").get<std::string>() + (user.contains("muted_until") ? ", muted" : "");
      }
      more = page.contains("cursor");
      if (more) request["cursor"] = page.at("cursor");
    }
    EXPECT_TRUE(shown == wanted) << who.account.name << " is shown " << shown.size()
                                 << " members of " << wanted.size();
  }
}

// What a member may do is what the tables say.
void CrowdedGroup::compare_own_rights() {
  const nemesis::ClubState state = ledger.state(group);
  for (Visitor& who : visitors) {
    const LifeAct act{.actor = who.account.id, .club = group};
    const Json reply = who.client.request(group_chat_request(
        who.account, group, "last words", "last " + std::to_string(who.account.id)));
    EXPECT_EQ(reply.at("errno"), state.answer_to(act)) << who.account.name << ": " << reply;
    const Json groups = request_ok(who.client, {{"msgid", 31}, {"kind", "groups"}}).at("groups");
    EXPECT_EQ(!groups.empty(), state.has(who.account.id)) << who.account.name;
  }
}

TEST_F(CrowdedGroup, NoViewDiffersFromTheTables) {
  make_members();
  connect();
  const auto began = Clock::now();
  run();
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  settle();
  compare_rosters(read_table());
  compare_own_rights();
  std::cout << acts << " acts, " << chats << " messages, " << busy << " refused as busy, " << frames
            << " frames\n";
  figure("crowded group: acts", static_cast<std::int64_t>(static_cast<double>(acts) / seconds),
         "/s");
  EXPECT_GT(static_cast<double>(acts) / seconds, kActsLeast) << "too slow to prove anything";
}

}  // namespace
}  // namespace chat::test

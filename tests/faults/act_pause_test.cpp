// A server, Redis or MariaDB stops for four seconds in the middle of an act on a group or a user,
// while somebody on another server acts on the same group. Afterwards both sides agree: the tables,
// the answers, and what everybody was pushed.
//
//   CHAT_ACT_PAUSES  how often, with another moment each time; 1 by default
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "faults/nemesis/club_ledger.h"
#include "support/clients/expect.h"
#include "support/processes/cluster.h"
#include "support/test_seed.h"

namespace chat::test {
namespace {

using nemesis::Clock;
using nemesis::ClubLedger;
using nemesis::ClubTable;
using nemesis::LifeAct;
using Kind = LifeAct::Kind;

constexpr milliseconds kPause{4'000};
constexpr int kMomentMostMs = 40;
constexpr milliseconds kAnswered{30'000};
constexpr milliseconds kArrives{20'000};
constexpr milliseconds kLook{20};
constexpr int kMessages = 3;

enum class Victim { kNode, kRedis, kDatabase };
enum class Act { kRemove, kMute, kBlock, kHandOver, kDismiss, kJoinByCode };
constexpr Act kActs[] = {Act::kRemove,   Act::kMute,    Act::kBlock,
                         Act::kHandOver, Act::kDismiss, Act::kJoinByCode};

// A user, and what it has asked for.
struct Actor {
  User user;
  std::deque<Json> replies{};

  std::int64_t id() const { return user.id(); }
};
struct Asked {
  Actor* actor = nullptr;
  Json request;
  std::optional<LifeAct> act{};
  int code = -1;
  std::optional<Clock::time_point> again_at{};
};

// One group. alice, the creator, is on the server that may stop, bob, an admin, on the other one.
struct Scene {
  Act act;
  Actor alice;
  Actor bob;
  Actor carol;
  std::int64_t group = 0;
  std::vector<Asked> asked{};

  std::vector<Actor*> actors() { return {&alice, &bob, &carol}; }
};

class ActPause : public ::testing::TestWithParam<Victim> {
 protected:
  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
    cluster = std::make_unique<Cluster>();
    random.seed(test_seed());
  }
  std::int64_t number(const std::string& sql) { return cluster->storage().number(sql); }
  static void pass(milliseconds time) {
    const auto until = Clock::now() + time;
    wait_until([&] { return Clock::now() >= until; }, time * 2);
  }
  void freeze(bool on) {
    switch (GetParam()) {
      case Victim::kNode: return on ? cluster->node(0).freeze() : cluster->node(0).thaw();
      case Victim::kRedis: return on ? cluster->redis().freeze() : cluster->redis().thaw();
      case Victim::kDatabase: return on ? mariadb().freeze() : mariadb().thaw();
    }
  }

  Actor actor_on(std::size_t node, const std::string& name);
  void set_up(Act act);
  void send(Scene& scene, Actor& actor, Json request, std::optional<LifeAct> act);
  void do_act(Scene& scene, Actor& actor, Kind kind, std::int64_t target = 0);
  void begin_act(Scene& scene);
  void act_elsewhere(Scene& scene);
  void read(Actor& actor);
  void read_all();
  bool is_answered(Asked& asked);
  void finish_all();
  ClubTable read_table(std::int64_t group);
  void compare();
  void compare_block(Scene& scene);

  std::unique_ptr<Cluster> cluster;
  std::deque<Scene> scenes;
  ClubLedger ledger;
  std::mt19937_64 random;
  int names = 0;
  int cids = 0;
};
std::string name_of(const ::testing::TestParamInfo<Victim>& victim) {
  if (victim.param == Victim::kNode) return "AServer";
  return victim.param == Victim::kRedis ? "Redis" : "MariaDB";
}
INSTANTIATE_TEST_SUITE_P(Of, ActPause,
                         ::testing::Values(Victim::kNode, Victim::kRedis, Victim::kDatabase),
                         name_of);

Actor ActPause::actor_on(std::size_t node, const std::string& name) {
  Actor actor{
      new_user(cluster->port(node), name + std::to_string(++names), Wire::kText, {{"ack", true}})};
  actor.user.client.keep_notices();
  return actor;
}

void ActPause::set_up(Act act) {
  const bool carol_comes = act == Act::kJoinByCode;
  scenes.push_back(
      {act, actor_on(0, "alice"), actor_on(1, "bob"), actor_on(carol_comes ? 0 : 1, "carol")});
  Scene& scene = scenes.back();
  scene.group = scene.alice.user.create_group("group " + std::to_string(names));
  ledger.add(scene.group, scene.alice.id());
  do_act(scene, scene.bob, Kind::kJoin);
  if (!carol_comes) do_act(scene, scene.carol, Kind::kJoin);
  finish_all();
  do_act(scene, scene.alice, Kind::kPromote, scene.bob.id());
  finish_all();
}

void ActPause::send(Scene& scene, Actor& actor, Json request, std::optional<LifeAct> act) {
  request["cid"] = "a" + std::to_string(++cids);
  actor.user.client.send_raw(request.dump() + "\n");
  scene.asked.push_back({&actor, std::move(request), std::move(act)});
}

void ActPause::do_act(Scene& scene, Actor& actor, Kind kind, std::int64_t target) {
  LifeAct act{.kind = kind, .actor = actor.id(), .club = scene.group, .target = target};
  act.from_head = ledger.head(scene.group);
  ledger.asked(act);
  send(scene, actor, nemesis::request_of(act), act);
}

void ActPause::begin_act(Scene& scene) {
  switch (scene.act) {
    case Act::kRemove: return do_act(scene, scene.alice, Kind::kRemove, scene.carol.id());
    case Act::kMute: return do_act(scene, scene.alice, Kind::kMute, scene.carol.id());
    case Act::kHandOver: return do_act(scene, scene.alice, Kind::kHandOver, scene.bob.id());
    case Act::kBlock:
      return send(scene, scene.alice,
                  {{"msgid", 34}, {"userid", scene.carol.id()}, {"blocked", true}}, {});
    case Act::kDismiss:
      return send(scene, scene.alice, {{"msgid", 47}, {"groupid", scene.group}}, {});
    case Act::kJoinByCode: break;
  }
  const Json terms{{"days", 1}, {"uses", 1}};
  const Json invite{{"msgid", 46}, {"groupid", scene.group}, {"code", terms}};
  const Json code = request_ok(scene.alice.user.client, invite).at("code");
  const LifeAct act{.kind = Kind::kJoin, .actor = scene.carol.id(), .club = scene.group};
  ledger.asked(act);
  send(scene, scene.carol, {{"msgid", 9}, {"code", code}}, act);
}

// bob mutes everybody, and all others write.
void ActPause::act_elsewhere(Scene& scene) {
  do_act(scene, scene.bob, Kind::kMuteAll);
  for (int i = 0; i < kMessages; ++i) {
    for (Actor* actor : {&scene.bob, &scene.carol}) {
      LifeAct chat{.actor = actor->id(), .club = scene.group};
      chat.from_head = ledger.head(scene.group);
      send(scene, *actor, group_chat_request(actor->user.account, scene.group, "text"), chat);
    }
  }
}

void ActPause::read(Actor& actor) {
  actor.user.client.take_in(milliseconds{0});
  while (actor.user.client.waiting() > 0) {
    Json frame = actor.user.client.receive();
    const int msgid = frame.at("msgid");
    if (msgid == 10) {
      ledger.pushed(actor.id(), frame, true);
      actor.user.client.send_raw(
          group_delivered_request(frame.at("groupid"), frame.at("seq")).dump() + "\n");
    } else if (msgid < 200 && frame.contains("cid")) {
      actor.replies.push_back(std::move(frame));
    }
  }
}

void ActPause::read_all() {
  for (Scene& scene : scenes) {
    for (Actor* actor : scene.actors()) read(*actor);
  }
}

// True once the request was answered. It is repeated as long as the answer says so.
bool ActPause::is_answered(Asked& asked) {
  auto& replies = asked.actor->replies;
  const auto found = std::ranges::find_if(
      replies, [&](const Json& reply) { return reply.at("cid") == asked.request.at("cid"); });
  if (found != replies.end()) {
    const Json reply = *found;
    replies.erase(found);
    if (reply.contains("retry_after_ms")) {
      asked.again_at = Clock::now() + milliseconds{reply.at("retry_after_ms")};
    } else {
      asked.code = reply.at("errno");
      if (asked.act) ledger.answered(*asked.act, asked.code);
    }
  } else if (asked.again_at && Clock::now() >= *asked.again_at) {
    asked.again_at.reset();
    asked.actor->user.client.send_raw(asked.request.dump() + "\n");
  }
  return asked.code >= 0;
}

void ActPause::finish_all() {
  const auto done = [this] {
    read_all();
    bool all = true;
    for (Scene& scene : scenes) {
      for (Asked& asked : scene.asked) {
        if (asked.code < 0 && !is_answered(asked)) all = false;
      }
    }
    return all;
  };
  EXPECT_TRUE(wait_until(done, kAnswered));
}

ClubTable ActPause::read_table(std::int64_t group) {
  const std::string of = " WHERE groupid = " + std::to_string(group);
  const auto lines = [&](const std::string& sql) {
    return std::istringstream(mariadb().query(sql, cluster->storage().database()));
  };
  ClubTable table;
  auto rows =
      lines("SELECT seq, sender, COALESCE(extra, '{}') FROM groupmessage" + of + " ORDER BY seq");
  std::int64_t seq = 0;
  std::int64_t sender = 0;
  for (std::string extra; rows >> seq >> sender && std::getline(rows >> std::ws, extra);) {
    const Json event = Json::parse(extra);
    table.rows.push_back(
        {seq, sender, event.value("event", ""), event.value("user", 0), event.value("role", "")});
  }
  auto members = lines(
      "SELECT userid, grouprole, muted_until > 0, joined_seq, left_seq"
      " FROM groupuser" +
      of);
  std::int64_t user = 0;
  for (nemesis::ClubMembership row;
       members >> user >> row.role >> row.muted >> row.joined_seq >> row.left_seq;) {
    table.memberships[user] = row;
  }
  const std::string id = std::to_string(group);
  table.muted_all = number("SELECT muted_until > 0 FROM allgroup WHERE id = " + id) == 1;
  table.dismissed = number("SELECT dismissed_at > 0 FROM allgroup WHERE id = " + id) == 1;
  return table;
}

void ActPause::compare_block(Scene& scene) {
  EXPECT_EQ(number("SELECT COUNT(*) FROM block WHERE userid = " + std::to_string(scene.alice.id())),
            1);
  const Json request = chat_request(scene.carol.user.account, scene.alice.id(), "hello");
  EXPECT_EQ(request_patiently(scene.carol.user.client, request).at("error"), "not_allowed");
}

void ActPause::compare() {
  std::map<std::int64_t, ClubTable> tables;
  for (Scene& scene : scenes) tables[scene.group] = read_table(scene.group);
  for (const std::string& what : ledger.compare(tables)) ADD_FAILURE() << what;
  std::string missing;
  wait_until(
      [&] {
        pass(kLook);
        read_all();
        missing.clear();
        for (Scene& scene : scenes) {
          for (Actor* actor : scene.actors()) missing += ledger.missing(actor->id());
        }
        return missing.empty();
      },
      kArrives);
  EXPECT_EQ(missing, "");
  for (const std::string& what : ledger.compare(tables)) ADD_FAILURE() << what;
  for (Scene& scene : scenes) {
    const nemesis::ClubState& state = ledger.state(scene.group);
    if (scene.act == Act::kBlock) compare_block(scene);
    EXPECT_EQ(state.dismissed, scene.act == Act::kDismiss);
    if (scene.act == Act::kHandOver) {
      EXPECT_EQ(state.role_of(scene.bob.id()), "creator");
      EXPECT_EQ(state.role_of(scene.alice.id()), "admin");
    }
    if (scene.act == Act::kJoinByCode) {
      EXPECT_TRUE(state.has(scene.carol.id()));
    }
    if (scene.act == Act::kRemove) {
      EXPECT_FALSE(state.has(scene.carol.id()));
    }
  }
  EXPECT_EQ(number("SELECT COALESCE(SUM(uses_left), 0) FROM groupcode"), 0);
}

TEST_P(ActPause, BothSidesAgreeAfterwards) {
  const char* given = std::getenv("CHAT_ACT_PAUSES");
  const int rounds = given == nullptr ? 1 : std::atoi(given);
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    scenes.clear();
    ledger = ClubLedger();
    for (const Act act : kActs) set_up(act);
    for (Scene& scene : scenes) begin_act(scene);
    pass(milliseconds{std::uniform_int_distribution(0, kMomentMostMs)(random)});
    freeze(true);
    const auto until = Clock::now() + kPause;
    for (Scene& scene : scenes) act_elsewhere(scene);
    while (Clock::now() < until) {
      pass(kLook);
      read_all();
    }
    freeze(false);
    finish_all();
    for (Scene& scene : scenes) {
      for (const Asked& asked : scene.asked) {
        if (asked.act) continue;
        EXPECT_EQ(asked.code, 0) << asked.request;
      }
    }
    compare();
  }
}

}  // namespace
}  // namespace chat::test

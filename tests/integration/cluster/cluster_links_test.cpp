// Faults of a single server's links to Redis and to the database.
#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include "cluster_fixture.h"
#include "support/occurrences.h"

namespace chat::test {
namespace {

using LinkClock = std::chrono::steady_clock;

class OwnLinks : public WithCluster {
 protected:
  OwnLinks() : WithCluster(2, {}, Wiring::kOwnLinks) {}
};

TEST_F(OwnLinks, OneServersCommitsOfOneKindAreCut) {
  User owner = user_on(0, "owner");
  User member = user_on(0, "member");
  User elsewhere = user_on(1, "elsewhere");
  const auto group = owner.client.request(create_group_request(owner.account, "tea")).at("groupid");
  MysqlProxy& proxy = cluster->links(0).database;
  proxy.cut_next_commit_of("INSERT INTO groupuser", MysqlProxy::Cut::kAfterDelivery);
  owner.chat(member.id(), "a write of another kind");
  elsewhere.client.request(join_group_request(elsewhere.account, group));
  EXPECT_TRUE(proxy.cut_is_due());
  member.client.request(join_group_request(member.account, group));
  EXPECT_FALSE(proxy.cut_is_due());
  EXPECT_EQ(proxy.cuts(), 1);
  EXPECT_EQ(cluster->links(1).database.cuts(), 0);
  EXPECT_EQ(cluster->storage().number("SELECT count(*) FROM groupuser"), 3);
}

TEST_F(OwnLinks, DatabaseOutageIsLoggedAtALimitedRate) {
  FaultProxy& network = cluster->links(0).database.network();
  network.refuse(true);
  network.reset_all();
  const auto lines = [&] { return occurrences(cluster->node(0).log(), "event=lease_failed"); };
  ASSERT_TRUE(wait_until([&] { return lines() > 0; }));
  // The lease tries four times a second.
  EXPECT_FALSE(wait_until([&] { return lines() > 2; }, milliseconds{4'000}));
  network.refuse(false);
}

// The other server has swept it and freed its users; it cannot read that, but is told over Redis.
TEST_F(OwnLinks, CutOffServerExitsOnceItsUsersAreTaken) {
  User older = user_on(0, "older");
  FaultProxy& network = cluster->links(0).database.network();
  network.refuse(true);
  network.reset_all();
  ASSERT_TRUE(wait_until(
      [&] {
        RawClient client(port(1));
        return client.request(login_request(older.account)).value("errno", -1) == 0;
      },
      milliseconds{20'000}));
  EXPECT_TRUE(wait_until(
      [&] {
        older.client.take_in(milliseconds{100});
        return older.client.ended();
      },
      milliseconds{10'000}));
  EXPECT_EQ(cluster->node(0).wait_exit(), kExitLeaseLost);
  network.refuse(false);
  cluster->node(0).start();
}

class Replaced : public WithCluster {
 protected:
  Replaced() : WithCluster(2, {}, Wiring::kOwnLinks) {}

  // The user logs in on a server that replaced the older one, which cannot read that, but is told
  // over Redis.
  void expect_older_life_to_end() {
    User older = user_on(0, "older");
    ServerProcess& successor = cluster->node(1);
    successor.terminate();  // nobody is left who could sweep the older one
    break_database();
    successor.set("server.node=node-1");
    successor.launch();
    ASSERT_TRUE(wait_until([&] { return successor.is_ready(); }, milliseconds{30'000}));
    User newer = log_in_on(1, older.account);
    EXPECT_TRUE(wait_until(
        [&] {
          older.client.take_in(milliseconds{100});
          return older.client.ended();
        },
        milliseconds{10'000}));
    expect_alive(newer.client);
    mend_database();
    EXPECT_EQ(cluster->node(0).wait_exit(), kExitLeaseLost);
  }
  virtual void break_database() {
    database().refuse(true);
    database().reset_all();
  }
  virtual void mend_database() { database().refuse(false); }
  FaultProxy& database() { return cluster->links(0).database.network(); }
};

TEST_F(Replaced, CutOffServerExitsOnceReplaced) {
  expect_older_life_to_end();
}

class ReplacedInSilence : public Replaced {
 protected:
  void break_database() override { hold(true); }
  void mend_database() override { hold(false); }
  void hold(bool on) {
    for (const auto way : {FaultProxy::Way::kToServer, FaultProxy::Way::kToClient}) {
      database().blackhole(way, on);
    }
  }
};

TEST_F(ReplacedInSilence, ServerWithAHungDatabaseExitsOnceReplaced) {
  expect_older_life_to_end();
}

class SlowLinks : public WithCluster {
 protected:
  SlowLinks() : WithCluster(3, {}, Wiring::kOwnLinks) {}

  // Sends about ten messages a second; returns the longest delay.
  struct Talk {
    User from;
    User to;
    std::map<std::string, LinkClock::time_point> sent{};
    milliseconds latest{0};

    void say(int number) {
      const std::string text = std::to_string(number) + std::string(200, 'x');
      sent[text] = LinkClock::now();
      from.client.send(chat_request(from.account, to.id(), text, "c" + std::to_string(number)));
      from.client.take_in(milliseconds{0});
    }
    void take(milliseconds patience) {
      to.client.take_in(patience);
      while (to.client.waiting() > 0) {
        const auto found = sent.find(to.client.receive().value("msg", ""));
        if (found == sent.end()) continue;
        note(found->second);
        sent.erase(found);
      }
    }
    void note(LinkClock::time_point sent_at) {
      const auto late = std::chrono::duration_cast<milliseconds>(LinkClock::now() - sent_at);
      latest = std::max(latest, late);
    }
  };
};

// Slightly more is published than the links carry, so that delays grow without an error or silence.
TEST_F(SlowLinks, MessagesCrossInTimeOverASlowRedisLink) {
  constexpr std::int64_t kBytesPerSecond = 1'500;
  constexpr milliseconds kLatest{10'000};
  constexpr milliseconds kWhile{18'000};
  Talk to_slow{user_on(2, "a"), user_on(1, "b")};
  Talk from_slow{user_on(0, "c"), user_on(2, "d")};
  for (const std::size_t node : {0U, 1U})
    cluster->links(node).redis.limit_bandwidth(kBytesPerSecond);
  const auto began = LinkClock::now();
  for (int number = 0; LinkClock::now() - began < kWhile; ++number) {
    for (Talk* talk : {&to_slow, &from_slow}) {
      talk->say(number);
      talk->take(milliseconds{50});
    }
  }
  for (Talk* talk : {&to_slow, &from_slow}) {
    for (const auto& [text, sent_at] : talk->sent) talk->note(sent_at);
    EXPECT_LT(talk->latest, scaled(kLatest));
  }
}

}  // namespace
}  // namespace chat::test

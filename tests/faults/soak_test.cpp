// A long run of a busy cluster with constant faults: $CHAT_SOAK_SECONDS, by default 1800, of
// checked traffic at half of the top speed, on three servers, MariaDB, Redis and nginx. The seed
// alone ($CHAT_TEST_SEED) determines the faults, their durations and their distances.
//
// First the top speed is determined: chatcheck sends faster step by step until fewer than 99 % of
// the messages are acknowledged within a second of their scheduled time. At half of the last
// sustained speed the cluster can catch up after an outage.
//
// The first server is sometimes stopped but never killed, so that its memory at the end reveals
// leaks.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include "fault_fixture.h"
#include "support/processes/nginx_server.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

constexpr std::size_t kNodes = 3;
// Messages/s of the steps: each is 1.5 times the one before. The last one is the most that
// chatcheck can track for the whole time.
constexpr int kSlowest = 200;
constexpr int kFastest = 20'000;
constexpr milliseconds kStep{4'000};
constexpr double kHoldsAckMs = 1'000;
constexpr milliseconds kWarmUp{5'000};
// A fault is shorter than a lease (10 s), so that a stopped server does not lose its users.
constexpr int kFaultMostMs = 6'000;
// From the end of a fault until messages are acknowledged again, including the clients' back-off
// (full jitter).
constexpr milliseconds kRecovery{40'000};
// Between two faults, after traffic has resumed.
constexpr int kCalmLeastMs = 4'000;
constexpr int kCalmMostMs = 12'000;

// The memory allowed at the end: 1.5 times that after the warm-up, plus 16 MiB, because a small
// server is mostly fixed costs and malloc's arenas grow in steps. In half an hour a server sees
// millions of messages, so a leak of ten bytes per message exceeds that.
constexpr std::int64_t kMemorySlackKib = 16 * 1024;
std::int64_t memory_limit_kib(std::int64_t after_warm_up) {
  return after_warm_up * 3 / 2 + kMemorySlackKib;
}

milliseconds soak_time() {
  const char* given = std::getenv("CHAT_SOAK_SECONDS");
  const int seconds = given == nullptr ? 1800 : std::atoi(given);
  if (seconds < 1) throw std::runtime_error("CHAT_SOAK_SECONDS must be a number of seconds");
  return std::chrono::seconds(seconds);
}

enum class Kind {
  kServerKilled,
  kServerStopped,
  kDatabaseKilled,
  kDatabaseStopped,
  kDatabaseCutOff,
  kRedisKilled,
  kRedisStopped,
  kNginxKilled,
  kNginxStopped,
};
struct KindName {
  Kind kind;
  const char* name;
};
constexpr std::array<KindName, 9> kKinds = {{
    {Kind::kServerKilled, "kill -9 of server"},
    {Kind::kServerStopped, "SIGSTOP of server"},
    {Kind::kDatabaseKilled, "kill -9 of MariaDB"},
    {Kind::kDatabaseStopped, "SIGSTOP of MariaDB"},
    {Kind::kDatabaseCutOff, "the end of all connections to MariaDB"},
    {Kind::kRedisKilled, "kill -9 of Redis"},
    {Kind::kRedisStopped, "SIGSTOP of Redis"},
    {Kind::kNginxKilled, "kill -9 of nginx"},
    {Kind::kNginxStopped, "SIGSTOP of nginx"},
}};

struct Fault {
  KindName what;
  std::size_t node;    // of a server
  milliseconds lasts;  // until it is continued or restarted
  milliseconds calm;   // after it
};

class Soak : public Faults {
 protected:
  void SetUp() override {
    Faults::SetUp();
    if (const std::string why = NginxServer::missing(); !why.empty()) GTEST_SKIP() << why;
  }

  void start_all();
  bool holds(int per_second);
  int top_speed();
  Fault draw();
  void strike(const Fault& fault);
  void begin(const Fault& fault);
  void end(const Fault& fault);
  static void let_pass(milliseconds time);
  std::int64_t most_memory_kib();

  std::unique_ptr<MysqlProxy> way_to_database;
  std::unique_ptr<NginxServer> nginx;
};

void Soak::start_all() {
  way_to_database = std::make_unique<MysqlProxy>(mariadb().socket());
  start(std::make_unique<Cluster>(kNodes, Settings{"mysql.socket=" + way_to_database->socket()}));
  nginx = std::make_unique<NginxServer>(cluster->proxy_ports());
}

void Soak::let_pass(milliseconds time) {
  const auto until = Clock::now() + time;
  wait_until([&] { return Clock::now() >= until; }, time * 2);
}

bool Soak::holds(int per_second) {
  start_traffic({nginx->port()}, {.per_second = per_second, .seconds_most = 120});
  let_pass(kStep);
  const Json report = traffic->finish();
  traffic.reset();
  return report.at("ack_ms").at("p99") <= kHoldsAckMs;
}

int Soak::top_speed() {
  int speed = kSlowest;
  while (speed < kFastest && holds(speed * 3 / 2)) speed = speed * 3 / 2;
  return std::min(speed, kFastest);
}

Fault Soak::draw() {
  const KindName what = kKinds[static_cast<std::size_t>(random(0, kKinds.size() - 1))];
  const int first = what.kind == Kind::kServerKilled ? 1 : 0;
  const auto node = static_cast<std::size_t>(random(first, kNodes - 1));
  const milliseconds lasts{random(0, kFaultMostMs)};
  return {what, node, lasts, milliseconds{random(kCalmLeastMs, kCalmMostMs)}};
}

void Soak::begin(const Fault& fault) {
  switch (fault.what.kind) {
    case Kind::kServerKilled: return cluster->node(fault.node).kill9();
    case Kind::kServerStopped: return cluster->node(fault.node).freeze();
    case Kind::kDatabaseKilled: return mariadb().kill9();
    case Kind::kDatabaseStopped: return mariadb().freeze();
    case Kind::kDatabaseCutOff: return way_to_database->network().reset_all();
    case Kind::kRedisKilled: return cluster->redis().kill9();
    case Kind::kRedisStopped: return cluster->redis().freeze();
    case Kind::kNginxKilled: return nginx->kill9();
    case Kind::kNginxStopped: return nginx->freeze();
  }
}

void Soak::end(const Fault& fault) {
  switch (fault.what.kind) {
    case Kind::kServerKilled: return cluster->node(fault.node).start();
    case Kind::kServerStopped: return cluster->node(fault.node).thaw();
    case Kind::kDatabaseKilled: return mariadb().start();
    case Kind::kDatabaseStopped: return mariadb().thaw();
    case Kind::kDatabaseCutOff: return;
    case Kind::kRedisKilled: return cluster->redis().start();
    case Kind::kRedisStopped: return cluster->redis().thaw();
    case Kind::kNginxKilled: return nginx->start();
    case Kind::kNginxStopped: return nginx->thaw();
  }
}

void Soak::strike(const Fault& fault) {
  begin(fault);
  let_pass(fault.lasts);
  end(fault);
  ASSERT_TRUE(traffic->flows(100, kRecovery)) << "nothing moves after the " << fault.what.name;
  let_pass(fault.calm);
  for (std::size_t i = 0; i < cluster->size(); ++i) {
    ASSERT_TRUE(cluster->node(i).running())
        << "server " << i << " is dead after the " << fault.what.name;
  }
}

std::int64_t Soak::most_memory_kib() {
  std::int64_t most = 0;
  for (std::size_t i = 0; i < cluster->size(); ++i) {
    most = std::max(most, cluster->node(i).memory_kib());
  }
  return most;
}

TEST_F(Soak, EveryComponentFailsUnderHalfOfTheTopSpeed) {
  start_all();
  const int speed = top_speed();
  std::cout << "top speed: " << speed << " messages/s\n";

  const milliseconds time = soak_time();
  start_traffic({nginx->port()}, {.per_second = std::max(1, speed / 2),
                                  .seconds_most = static_cast<int>(3 * time.count() / 1000) + 600});
  ASSERT_TRUE(traffic->flows(100));
  let_pass(kWarmUp);
  const std::int64_t memory = most_memory_kib();
  const pid_t survivor = cluster->node(0).pid();

  int faults = 0;
  const auto begin = Clock::now();
  while (Clock::now() < begin + time && !HasFatalFailure()) {
    const Fault fault = draw();
    std::cout << std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin).count()
              << " s: " << fault.what.name << " (" << fault.node + 1 << "), " << fault.lasts.count()
              << " ms; acknowledged " << traffic->acknowledged() << ", memory "
              << cluster->node(0).memory_kib() << " KiB\n"
              << std::flush;
    strike(fault);
    ++faults;
  }
  if (HasFatalFailure()) return;
  ASSERT_TRUE(traffic->flows(100, kRecovery));
  const Json report = expect_promises();
  EXPECT_EQ(cluster->node(0).pid(), survivor);
  std::cout << faults << " faults; memory " << memory << " KiB after warm-up, " << most_memory_kib()
            << " KiB at the end\n";
  // A sanitizer's quarantine does not count.
  if (!sanitized()) {
    EXPECT_LE(most_memory_kib(), memory_limit_kib(memory));
  }
  cluster.reset();  // before its proxy to the database
}

}  // namespace
}  // namespace chat::test

// The wall clock jumps: a server's, or the database's, which sets the leases.
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "fault_fixture.h"
#include "support/wall_clock.h"

namespace chat::test {
namespace {

constexpr std::int64_t kJumpMs = 3'000'000;

class ClockFault : public Faults {
 protected:
  void SetUp() override {
    Faults::SetUp();
    if (IsSkipped()) return;
    if (::access(WallClock::kLibrary, R_OK) != 0) {
      GTEST_SKIP() << WallClock::kLibrary << " is not here: install faketime";
    }
    if (sanitized()) GTEST_SKIP() << "a sanitizer wants to be loaded first";
    // Static, like this program's database.
    static WallClock clock;
    database_clock = &clock;
    const WallClock::Enter entered(clock);
    mariadb();
  }
  // Jumps forward, back past the start, and to the right time. `now_ms` reads the clock that jumps.
  void expect_that_jumps_hurt_nobody(WallClock& clock,
                                     const std::function<std::int64_t()>& now_ms) {
    start_traffic();
    ASSERT_TRUE(traffic->flows(100));
    for (const char* offset_s : {"+3600", "-3600", "+0"}) {
      const std::int64_t before = now_ms();
      clock.set(offset_s);
      EXPECT_TRUE(wait_until([&] { return std::abs(now_ms() - before) > kJumpMs; })) << offset_s;
      stay_alive_for(milliseconds{5'000}, witnesses[0].client);
      ASSERT_TRUE(traffic->flows(100)) << offset_s;
    }
    EXPECT_EQ(expect_promises().at("disconnections"), 0);
  }
  WallClock* database_clock = nullptr;
};

TEST_F(ClockFault, ServerClockJumpsByAnHour) {
  WallClock clock;
  start(1);
  {
    const WallClock::Enter entered(clock);
    cluster->add_node();
  }
  witnesses.push_back(new_user(cluster->port(1), "witness 1"));
  // Reads the timestamp of a stream's first message; later ones never decrease.
  int probes = 0;
  expect_that_jumps_hurt_nobody(clock, [&] {
    const std::string name = "probe " + std::to_string(++probes);
    const Account probe = register_account(cluster->port(0), name);
    return witnesses[1].chat(probe.id, "what time is it?").at("ts").get<std::int64_t>();
  });
  EXPECT_EQ(cluster->node(0).log().find("sends no beats"), std::string::npos) << "its timers stop";
}

TEST_F(ClockFault, DatabaseClockJumpsByAnHour) {
  start();
  expect_that_jumps_hurt_nobody(*database_clock, [] {
    return std::stoll(mariadb().query("SELECT UNIX_TIMESTAMP()")) * 1000;
  });
}

}  // namespace
}  // namespace chat::test

#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/clients/checked_traffic.h"
#include "support/clients/expect.h"
#include "support/clients/user.h"
#include "support/figure.h"
#include "support/processes/cluster.h"
#include "support/test_seed.h"

// The fixture of the fault scenarios. Each has the same structure: a private cluster, checked
// traffic, a fault, and at the end the same guarantees (expect_promises()). A scenario whose
// programs are not installed is skipped; scripts/test.sh counts that as a failure.
namespace chat::test {

using Clock = std::chrono::steady_clock;

// How soon all users can log in after any fault.
constexpr milliseconds kLoginPromise{15'000};

class Faults : public ::testing::Test {
 protected:
  Faults();
  void SetUp() override;

  // Starts two servers, or `nodes`, with a user logged in on each.
  void start(std::size_t nodes = 2, const Settings& more = {});
  // The same for a given cluster.
  void start(std::unique_ptr<Cluster> made);
  void start_traffic(const std::vector<std::uint16_t>& ports) {
    start_traffic(ports, CheckedTraffic::Load{});
  }
  void start_traffic(const std::vector<std::uint16_t>& ports, const CheckedTraffic::Load& load);
  // Over every server's own port.
  void start_traffic() { start_traffic(ports()); }
  std::vector<std::uint16_t> ports() const;

  // Checks the guarantees: the traffic ends without violations; all servers run; the witnesses can
  // log in on another server; the tables contain all acknowledged messages, without gaps or
  // duplicates. Returns the report.
  Json expect_promises();

  // Logs in without a takeover, so that a leftover session is detected; fails the test if it does
  // not succeed soon.
  static User log_in_soon(std::uint16_t port, const Account& account,
                          const Json& more = Json::object());
  static milliseconds since(Clock::time_point then) {
    return std::chrono::duration_cast<milliseconds>(Clock::now() - then);
  }
  // Lets time pass while `client` must keep getting answers.
  static void stay_alive_for(milliseconds time, RawClient& client);
  int random(int least, int most) { return std::uniform_int_distribution(least, most)(random_); }

  std::unique_ptr<Cluster> cluster;
  std::unique_ptr<CheckedTraffic> traffic;
  std::vector<User> witnesses;  // one on each node, in order

 private:
  void expect_servers_alive();
  void expect_no_lock_out();
  void expect_whole_streams();
  void expect_stored(std::int64_t messages);

  std::mt19937_64 random_;
};

}  // namespace chat::test

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "raw_client.h"
#include "support/processes/child_process.h"
#include "support/temp_dir.h"

namespace chat::test {

// The program chatcheck ($CHATCHECK) beside the test: many clients that write to each other, come
// back when they are cut off, and keep books of every message. It sends until finish().
// Start it on a thread that stays (see ChildProcess).
class CheckedTraffic {
 public:
  struct Load {
    int pairs = 20;
    int groups = 2;
    int group_size = 5;
    int per_second = 150;
    bool resend = true;      // false: what had no answer is left alone
    int seconds_most = 600;  // finish() usually ends it earlier
  };
  // Over these ports of the loopback address. Returns once messages are acknowledged.
  explicit CheckedTraffic(const std::vector<std::uint16_t>& ports)
      : CheckedTraffic(ports, Load{}) {}
  CheckedTraffic(const std::vector<std::uint16_t>& ports, const Load& load);

  // How many messages were acknowledged; about a second old.
  std::int64_t acknowledged() const;
  // Whether so many more are within the time.
  bool flows(std::int64_t more, milliseconds usual = milliseconds{30'000}) const;
  // Ends it and demands that every promise was kept: nothing lost, doubled, out of order or left
  // without an answer, everybody logged in. Gives the report.
  Json finish();

 private:
  std::string progress() const;

  TempDir dir_;
  ChildProcess child_;
};

}  // namespace chat::test

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "raw_client.h"
#include "support/processes/child_process.h"
#include "support/temp_dir.h"

namespace chat::test {

// Runs the program chatcheck ($CHATCHECK) beside the test: many clients that chat, reconnect when
// cut off, and account for every message. Sends until finish(). Start it on a thread that outlives
// it (see ChildProcess).
class CheckedTraffic {
 public:
  struct Load {
    int pairs = 20;
    int groups = 2;
    int group_size = 5;
    int per_second = 150;
    bool resend = true;      // false: unanswered messages are not resent
    int seconds_most = 600;  // finish() usually ends it earlier
  };
  // Over these ports of the loopback address. Returns once messages are acknowledged.
  explicit CheckedTraffic(const std::vector<std::uint16_t>& ports)
      : CheckedTraffic(ports, Load{}) {}
  CheckedTraffic(const std::vector<std::uint16_t>& ports, const Load& load);

  // The number of acknowledged messages, about a second ago.
  std::int64_t acknowledged() const;
  // True if `more` further messages are acknowledged in time.
  bool flows(std::int64_t more, milliseconds usual = milliseconds{30'000}) const;
  // Ends it and checks every guarantee: nothing lost, duplicated, reordered or unanswered, all
  // clients logged in. Returns the report.
  Json finish();

 private:
  std::string progress() const;

  TempDir dir_;
  ChildProcess child_;
};

}  // namespace chat::test

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "client/check/check_options.h"
#include "client/check/outages.h"
#include "client/check/verdict.h"
#include "client/load/latency.h"

namespace chat::client::check {

// Everything that a run has found. A plain value.
struct CheckReport {
  std::string run;
  CheckOptions options;
  Verdict verdict;
  load::Latency ack;       // from the time at which a message was due to its ack
  load::Latency delivery;  // … and to each delivery
  base::SteadyTime load_from;
  std::uint64_t disconnections = 0;
  std::vector<Disturbance> disturbances;
  std::uint64_t unsent = 0;   // not sent when the time was over
  std::uint64_t offline = 0;  // clients without a session at the end
  std::string first_fault;    // the first of those that failed; empty if there are none

  // At the end of the drain, clients were still offline, or messages that are resent until they are
  // answered had no answer.
  bool unhealed() const;
  ExitCode exit_code() const;
};

// Several lines, for people.
std::string to_text(const CheckReport& report);
// One line; times in ms.
std::string to_json(const CheckReport& report);

}  // namespace chat::client::check

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/check/check_report.h"
#include "client/check/check_run.h"
#include "client/check/worker.h"

namespace chat::client::check {

// Conducts a whole run: finds the servers, creates the clients, and leads the threads through the
// phases: accounts and groups, load, drain, leaving. SIGINT or SIGTERM ends the load early, a
// second one the drain.
// Threading: used from one thread, which it blocks.
class Conductor {
 public:
  explicit Conductor(CheckOptions options);

  // Empty if the check could not run; the reason is on standard error.
  std::optional<CheckReport> conduct();

 private:
  std::string prepare();
  void seat_everyone();
  std::vector<Seat> seats(std::size_t count, char kind, std::size_t first);
  std::string set_up();
  void load();
  void drain();
  CheckReport leave();
  void show(const char* phase, bool last = false);
  void rest(const char* phase);

  CheckOptions options_;
  std::mt19937_64 random_;
  std::string prefix_;
  std::vector<std::size_t> turns_;
  std::unique_ptr<Run> run_;
  std::vector<std::unique_ptr<Worker>> workers_;
  base::SteadyTime next_show_{};
  std::uint64_t shown_acked_ = 0;
};

}  // namespace chat::client::check

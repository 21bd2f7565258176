#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chat::client::check {

// The program's exit codes.
enum class ExitCode : int {
  kKept = 0,
  kBroken = 1,  // a violation, or the check could not be finished
  kUsage = 2,
  kCannotRun = 3,  // no server answers, or the accounts could not be created
};

// The parsed command line. A plain value.
struct CheckOptions {
  std::vector<std::string> servers{"127.0.0.1:6000"};
  std::size_t pairs = 50;
  std::size_t groups = 2;
  std::size_t group_size = 10;
  double rate = 200;  // messages/s of all clients together
  std::chrono::seconds duration{30};
  std::chrono::seconds drain{20};
  std::size_t window = 32;
  double client_limit = 15;  // messages/s of one client
  std::uint64_t seed = 0;    // 0: a random one
  std::string prefix;        // empty: check-<run>
  std::size_t threads = 1;
  bool resend = true;
  bool json = false;
  bool progress = false;
  // Set after --help, --version or wrong usage, once the text has been printed: exit with this
  // code.
  std::optional<int> leave;

  std::size_t clients() const { return 2 * pairs + groups * group_size; }
  std::uint64_t messages() const;
};

CheckOptions parse_options(int argc, const char* const* argv);

// Why these options cannot be run, as a sentence; empty if they can.
std::string fault_of(const CheckOptions& options);

}  // namespace chat::client::check

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chat::bench {

enum class ModeName { kPing, kPairs, kGroup, kIdle, kLogin, kOffline, kStorm };

// A server-side process whose CPU and memory are reported.
struct Watched {
  int pid = 0;
  std::string name;
};

struct BenchOptions {
  ModeName mode = ModeName::kPing;
  std::vector<std::string> servers;
  bool relay = false;
  bool cross = false;
  bool random = false;

  std::uint32_t first_user = 1;
  std::uint32_t first_group = 1;
  std::size_t pairs = 10;
  std::size_t groups = 1;
  std::size_t group_size = 10;
  std::size_t senders = 1;  // of each group; in mode offline: all writers
  std::size_t connections = 10;
  std::size_t users = 0;  // mode login: taken by turns; at least as many as connections
  std::size_t recipients = 1;
  std::size_t messages = 10'000;  // for each recipient

  std::size_t window = 0;  // parse_options() sets the mode's default
  double rate = 0;         // messages/s of all; 0: closed loop
  double seconds = 10;
  double warm_up = 1;
  double drain = 10;
  double set_up = 600;
  double ping_every = 0;
  double typing_every = 0;
  std::size_t size = 100;
  std::string password;
  std::uint64_t seed = 0;

  std::vector<Watched> watched;
  std::string json;
  bool progress = false;

  // Set if the program should exit at once: usage, help, version.
  std::optional<int> leave;

  bool open_loop() const { return rate > 0; }
  // How many deliveries one message leads to.
  std::size_t fan_out() const { return mode == ModeName::kGroup ? group_size - 1 : 1; }
};

const char* name_of(ModeName mode);

// Prints help and errors itself.
BenchOptions parse_options(int argc, const char* const* argv);

// How many units (pairs, groups or connections) a run divides among its processes.
std::size_t units_of(const BenchOptions& options);
std::size_t connections_per_unit(const BenchOptions& options);

}  // namespace chat::bench

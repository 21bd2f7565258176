#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace chat::cluster {

// A node whose row has not changed for this long is dead.
inline constexpr std::chrono::milliseconds kNodeLease{10'000};

// The node that starts, and how.
struct NodeClaim {
  std::string name{};
  bool alone = false;      // without a bus: no other server may use the database
  bool exclusive = false;  // no other process can use the database (Database::exclusive())
  std::string address{};   // where it listens, for people
};

// Callbacks while a start waits for another server's lease.
struct StartWait {
  std::function<void(const std::string& sentence)> on_wait;
  std::function<bool()> give_up;  // true: stop waiting
};

}  // namespace chat::cluster

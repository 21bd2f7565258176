#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "chat/base/thread.h"
#include "faults/nemesis/crowd.h"

namespace chat::test::nemesis {

// Operators who kick people, and disable and enable their accounts, by chatctl on a random server.
// What a server does not answer is tried again, perhaps elsewhere.
// Threading: a thread of its own, which also starts chatctl.
class Operators {
 public:
  // The sockets of all servers. `crowd` outlives it.
  Operators(std::vector<std::string> sockets, Crowd& crowd, std::uint64_t seed);
  ~Operators() { stop(); }
  Operators(const Operators&) = delete;
  Operators& operator=(const Operators&) = delete;

  void start();
  void stop();
  // True if nothing is being done, and in a quiet phase nothing is left to be undone.
  bool idle() const { return idle_; }

 private:
  void work();
  void act(Crowd::Order order);
  void rest(milliseconds time);

  const std::vector<std::string> sockets_;
  Crowd& crowd_;
  std::mt19937_64 random_;
  std::atomic<bool> idle_ = true;
  std::atomic<bool> stopping_ = false;
  base::Thread thread_;
};

}  // namespace chat::test::nemesis

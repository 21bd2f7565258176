#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faults/nemesis/foreign_lock.h"
#include "faults/nemesis/judge.h"
#include "faults/nemesis/schedule.h"
#include "support/processes/cluster.h"
#include "support/wall_clock.h"

namespace chat::test::nemesis {

// The processes of a run and the links between them: several nodes, each with its own proxies to
// Redis and to MariaDB, and the faults applied to them. The last node's wall clock can jump.
// Threading: confined to the test's thread, which outlives it (see ChildProcess).
class World {
 public:
  static std::string missing();

  explicit World(std::size_t nodes);

  Cluster& cluster() { return *cluster_; }
  std::vector<std::uint16_t> ports();

  void begin(const Event& event);
  void end(const Event& event);
  // Restarts processes that have exited, like a supervisor, and records violations.
  void look();
  // True if every node is ready.
  bool all_ready();
  // Returns and clears the violations, as guarantee and description.
  std::vector<std::pair<std::string, std::string>> take_violations();

 private:
  struct Node {
    bool killed = false;  // by us, and not yet restarted
    bool ready = false;
    Time ready_since;
    Time launched_at;
    int disturbances = 0;  // events in progress
    Time disturbed_until;  // the end of the last one
  };

  void disturb(const Event& event, bool begins);
  bool is_well(std::size_t node, milliseconds for_so_long) const;
  std::optional<std::size_t> anybody_well() const;
  void set_link(const Event& event, bool on);
  FaultProxy& proxy_of(const Event& event);
  void launch(std::size_t node);
  void lose_commits();
  void start_second(const Event& event);
  void look_at_second();

  std::unique_ptr<Cluster> cluster_;
  RedisServer other_redis_;
  std::optional<WallClock> clock_;
  std::vector<Node> nodes_;
  std::vector<Event> lossy_;  // current events that lose commits
  std::optional<Event> second_event_;
  TempDir second_dir_;
  std::unique_ptr<ChildProcess> second_;
  bool second_told_ = false;
  std::unique_ptr<ForeignLock> lock_;
  std::vector<std::pair<std::string, std::string>> violations_;
};

}  // namespace chat::test::nemesis

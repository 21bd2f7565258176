#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/task.h"

namespace chat::server {

// Reports the server's state to the service manager (systemd, a unit of Type=notify): ready,
// stopping and, with WatchdogSec, alive. Alive means that every vital part has run a task posted
// after the last beat. If a part hangs, the beats stop and the service manager restarts the server.
// No part waits for the database for longer than a few seconds, so an outage of the database does
// not cause a restart. Does nothing without a service manager.
// Threading: the main loop's thread; the parts run their tasks on their own.
class ServiceManager {
 public:
  // A vital thread, or several on one queue.
  struct Part {
    std::string name;
    // Posts a task to the part; false if it accepts none. The task may never run, and may outlive
    // us.
    std::function<bool(base::Task task)> post;
  };
  using Send = std::function<void(const std::string& state)>;

  // Sends to $NOTIFY_SOCKET; and the longest silence allowed by $WATCHDOG_USEC, 0: no beats.
  static void notify(const std::string& state);
  static std::chrono::milliseconds silence_allowed();

  explicit ServiceManager(const base::Clock& clock, Send send = notify,
                          std::chrono::milliseconds silence = silence_allowed());

  // The server is ready; starts the beats.
  void ready(std::vector<Part> parts);
  void stopping();
  // Call every tick_interval() once ready, unless that is 0. Beats once half of the allowed silence
  // is over and every part has answered, at the latest one tick after that.
  void tick();
  std::chrono::milliseconds tick_interval() const;

 private:
  struct Question {
    Part part;
    bool asked = false;
    std::shared_ptr<std::atomic<bool>> answered;
  };

  void ask();
  std::string silent_parts() const;
  void begin_round();

  const base::Clock& clock_;
  const Send send_;
  const std::chrono::milliseconds silence_;
  std::vector<Question> questions_;
  base::SteadyTime last_beat_;
  bool warned_ = false;
};

}  // namespace chat::server

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

// Tells the service manager (systemd, a unit of Type=notify) how the server is: ready, stopping,
// and, where it asks for that (WatchdogSec), alive. Alive means more than that the main loop turns:
// every vital part has run a task that it was given after the last beat. A part that hangs ends
// the beats, and then the service manager starts the server anew. No part waits for the database
// for longer than a few seconds, so one that is away ends nothing.
// Without a service manager it does nothing.
// Threading: the main loop's thread; the parts run their tasks on their own.
class ServiceManager {
 public:
  // A thread, or several on one queue, that the server can't do without.
  struct Part {
    std::string name;
    // Has it run the task; false: it takes none now. The task may never run, and may outlive us.
    std::function<bool(base::Task task)> post;
  };
  using Send = std::function<void(const std::string& state)>;

  // What sends to $NOTIFY_SOCKET, and how long a silence may be by $WATCHDOG_USEC; 0: no beats.
  static void notify(const std::string& state);
  static std::chrono::milliseconds silence_allowed();

  explicit ServiceManager(const base::Clock& clock, Send send = notify,
                          std::chrono::milliseconds silence = silence_allowed());

  // Traffic is served from here on; the beats begin.
  void ready(std::vector<Part> parts);
  void stopping();
  // Call it every tick_interval() once ready, unless that is 0. Beats when half of the allowed
  // silence is over and every part has answered, and no later than the tick after that.
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

#pragma once

#include <vector>

#include "chat/base/ids.h"
#include "chat/base/task.h"
#include "chat/cluster/bus.h"
#include "chat/delivery/backlog.h"

namespace chat::delivery {

class Window;

// A window's interface to its loop (LoopDelivery). Threading: loop-confined.
class WindowHost {
 public:
  // True if the roster was empty; the caller must then subscribe the group's channel.
  virtual bool add_to_roster(GroupId group, Window& window) = 0;
  virtual void remove_from_roster(GroupId group, Window& window) = 0;
  // `heard` is called once the channels are subscribed, on any thread.
  virtual void listen(std::vector<cluster::Channel> channels, base::Task heard) = 0;
  // The window has moved cursors (Window::take_moves()).
  virtual void add_dirty(Window& window) = 0;
  // Reads a page on a worker and returns it to the window; false if the workers' queue is full.
  virtual bool request_page(Window& window, std::vector<Want> wants) = 0;
  // Sends the user the states of its friends as they are now.
  virtual void refresh_presence(UserId user) = 0;
  // Removes the window, after taking its cursors.
  virtual void remove(Window& window) = 0;

 protected:
  ~WindowHost() = default;
};

}  // namespace chat::delivery

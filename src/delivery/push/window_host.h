#pragma once

#include <vector>

#include "chat/base/ids.h"
#include "chat/base/task.h"
#include "chat/cluster/bus.h"
#include "chat/delivery/backlog.h"

namespace chat::delivery {

class Window;

// What a window needs of its loop (LoopDelivery). Threading: loop-confined.
class WindowHost {
 public:
  // True: nobody of this loop was in the roster; then the caller sees to it that the bus listens.
  virtual bool add_to_roster(GroupId group, Window& window) = 0;
  virtual void remove_from_roster(GroupId group, Window& window) = 0;
  // `heard` is called once the bus listens, on any thread.
  virtual void listen(std::vector<cluster::Channel> channels, base::Task heard) = 0;
  // The window has cursors to be taken (Window::take_moves()).
  virtual void add_dirty(Window& window) = 0;
  // Reads a page on a worker and brings it back; false when no worker takes it.
  virtual bool request_page(Window& window, std::vector<Want> wants) = 0;
  // The window goes; its cursors are taken now.
  virtual void remove(Window& window) = 0;

 protected:
  ~WindowHost() = default;
};

}  // namespace chat::delivery

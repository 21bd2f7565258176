#pragma once

#include <functional>
#include <string>
#include <thread>

namespace chat::base {

// A thread with a name (shown by top and gdb, at most 15 bytes) that blocks every signal, so
// that only the signalfd of the main reactor sees them. Joined by the destructor.
// Threading: externally synchronised.
class Thread {
 public:
  Thread() = default;
  Thread(std::string name, std::function<void()> body);
  Thread(Thread&&) noexcept = default;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread();

  void join();

 private:
  std::thread thread_;
};

}  // namespace chat::base

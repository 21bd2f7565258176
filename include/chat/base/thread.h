#pragma once

#include <functional>
#include <string>
#include <thread>

namespace chat::base {

// A named thread (at most 15 bytes, shown by top and gdb) that blocks every signal, so that only
// the main loop's signalfd receives them. The destructor joins it.
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

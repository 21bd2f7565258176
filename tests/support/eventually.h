#pragma once

#include <chrono>
#include <thread>

namespace chat::test {

// Waits until `condition` holds; false after `patience`, which is generous for loaded machines:
// only a broken program waits that long.
template <typename Condition>
bool eventually(Condition condition,
                std::chrono::milliseconds patience = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace chat::test

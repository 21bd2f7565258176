#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "chat/base/result.h"

namespace chat::delivery {

// Logs one line when storing begins to fail for all, and one when it works again.
// Threading: externally synchronised.
class OutageLog {
 public:
  explicit OutageLog(std::string lane) : lane_(std::move(lane)) {}
  void note(const Result<void>& outcome);

 private:
  const std::string lane_;
  std::chrono::steady_clock::time_point began_;
  bool failing_ = false;
};

}  // namespace chat::delivery

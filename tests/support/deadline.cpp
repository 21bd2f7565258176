#include "support/deadline.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace chat::test {

namespace {

constexpr milliseconds kLookAgainAfter{5};

double default_factor() {
  const char* sanitizer = std::getenv("CHAT_TEST_SANITIZER");
  if (sanitizer == nullptr || std::string_view(sanitizer) == "none") return 1.0;
  return std::string_view(sanitizer).find("thread") != std::string_view::npos ? 10.0 : 5.0;
}

}  // namespace

bool sanitized() {
  return default_factor() > 1.0;
}

double time_factor() {
  static const double factor = [] {
    const char* text = std::getenv("CHAT_TEST_TIME_FACTOR");
    const double given = text == nullptr ? 0.0 : std::atof(text);
    return given > 0.0 ? given : default_factor();
  }();
  return factor;
}

milliseconds scaled(milliseconds usual) {
  return milliseconds(
      static_cast<milliseconds::rep>(static_cast<double>(usual.count()) * time_factor()));
}

Deadline::Deadline(milliseconds usual) : due_(std::chrono::steady_clock::now() + scaled(usual)) {}

milliseconds Deadline::left() const {
  const auto left = std::chrono::ceil<milliseconds>(due_ - std::chrono::steady_clock::now());
  return std::max(left, milliseconds{0});
}

bool wait_until(const std::function<bool()>& condition, milliseconds usual) {
  const Deadline deadline(usual);
  while (!condition()) {
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(kLookAgainAfter);
  }
  return true;
}

}  // namespace chat::test

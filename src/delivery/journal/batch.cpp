#include "delivery/journal/batch.h"

#include <random>

namespace chat::delivery {
namespace {

constexpr int kFirstDelayMs = 5;

}  // namespace

bool worth_retrying(ErrorCode code) {
  switch (code) {
    case ErrorCode::kConflict:
    case ErrorCode::kBusy:
    case ErrorCode::kTimeout:
    case ErrorCode::kUnavailable:
    case ErrorCode::kOutcomeUnknown: return true;
    default: return false;
  }
}

std::chrono::milliseconds retry_delay(int attempt) {
  thread_local std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<int> jitter(1, kFirstDelayMs << attempt);
  return std::chrono::milliseconds(jitter(random));
}

}  // namespace chat::delivery

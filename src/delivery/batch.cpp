#include "chat/delivery/batch.h"

#include <random>

namespace chat::delivery {
namespace {

constexpr std::chrono::milliseconds kRetryAfter{1000};
constexpr int kFirstDelayMs = 5;

}  // namespace

protocol::Refusal refusal_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kBusy:
    case ErrorCode::kTimeout:
      return {protocol::Errno::kBusy, "the server is busy, try again", kRetryAfter};
    case ErrorCode::kUnavailable:
    case ErrorCode::kOutcomeUnknown:
      return {protocol::Errno::kUnavailable, "the database is not available, try again",
              kRetryAfter};
    default: return {protocol::Errno::kInternal, "this could not be stored", std::nullopt};
  }
}

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

bool is_everyones(ErrorCode code) {
  switch (code) {
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

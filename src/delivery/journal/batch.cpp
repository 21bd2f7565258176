#include "chat/delivery/batch.h"

#include <map>
#include <random>
#include <string>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/base/mutex.h"

namespace chat::delivery {
namespace {

constexpr std::chrono::milliseconds kRetryAfter{1000};
constexpr int kFirstDelayMs = 5;

constinit log::Limiter journal_outages{log::kUsualLines};

// A client drops what is refused as `internal`, so somebody must be able to find out why. Each
// reason is logged at most once a minute.
// Threading: thread-safe. Bounds: kReasonsMax reasons a minute.
class RefusalLog {
 public:
  void note(const Error& error) {
    {
      base::MutexLock lock(mutex_);
      const auto now = std::chrono::steady_clock::now();
      if (reasons_.size() >= kReasonsMax) {
        std::erase_if(reasons_, [now](const auto& item) { return now - item.second > kEvery; });
        if (reasons_.size() >= kReasonsMax) return;
      }
      const auto [found, is_new] = reasons_.try_emplace(error.message, now);
      if (!is_new && now - found->second < kEvery) return;
      found->second = now;
    }
    log::error("event=refused_internal kind={} what={}", to_string(error.code),
               log::quoted(error.message));
  }

 private:
  static constexpr std::size_t kReasonsMax = 64;
  static constexpr std::chrono::minutes kEvery{1};

  base::Mutex mutex_;
  std::map<std::string, std::chrono::steady_clock::time_point> reasons_ CHAT_GUARDED_BY(mutex_);
};

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
    default: break;
  }
  static RefusalLog log;
  log.note(error);
  return {protocol::Errno::kInternal, "this could not be stored", std::nullopt};
}

protocol::Refusal taken_over() {
  return {protocol::Errno::kUnavailable, "this session was taken over by a newer login",
          kRetryAfter};
}

protocol::Refusal session_lost() {
  return {protocol::Errno::kUnavailable, "the database has lost this session, log in again",
          kRetryAfter};
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

void OutageLog::note(const Result<void>& outcome) {
  const auto now = std::chrono::steady_clock::now();
  if (!outcome && !failing_) {
    began_ = now;
    log::limited(log::Level::kWarn, journal_outages,
                 "event=journal_refuses lane={} kind={} what={}", lane_,
                 to_string(outcome.error().code), log::quoted(outcome.error().message));
  } else if (outcome && failing_) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
    log::limited(log::Level::kWarn, journal_outages,
                 "event=journal_stores_again lane={} after_ms={}", lane_, took.count());
  }
  failing_ = !outcome;
}

}  // namespace chat::delivery

#include "chat/delivery/refusals.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "chat/base/log.h"
#include "chat/base/mutex.h"

namespace chat::delivery {
namespace {

constexpr std::chrono::milliseconds kRetryAfter{1000};

// Clients drop messages refused as `internal`, so the reason must be in the log. Each reason is
// logged at most once a minute.
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

protocol::Refusal refusal_of(const Error& error, bool in_doubt) {
  if (!in_doubt) return refusal_of(error);
  return refusal_of({ErrorCode::kOutcomeUnknown, error.message});
}

protocol::Refusal taken_over() {
  return {protocol::Errno::kUnavailable, "this session was taken over by a newer login",
          kRetryAfter};
}

protocol::Refusal session_lost() {
  return {protocol::Errno::kUnavailable, "the database has lost this session, log in again",
          kRetryAfter};
}

protocol::Refusal not_accepted(storage::ChatRight right) {
  const bool own = right == storage::ChatRight::kOwnBlock;
  return {protocol::Errno::kNotAllowed,
          own ? "you have blocked this user" : "this user does not accept messages from you",
          std::nullopt};
}

protocol::Refusal no_recipient() {
  return {protocol::Errno::kNotFound, "there is no such user", std::nullopt};
}

protocol::Refusal no_reply_target() {
  return {protocol::Errno::kNotFound, "reply: there is no such message", std::nullopt};
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

}  // namespace chat::delivery

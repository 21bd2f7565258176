#include "delivery/journal/outage_log.h"

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"

namespace chat::delivery {
namespace {

constinit log::Limiter journal_outages{log::kUsualLines};

}  // namespace

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

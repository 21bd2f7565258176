#include "service/people/search_filler.h"

#include <chrono>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/storage/search_backfill.h"

namespace chat::service {
namespace {

using storage::NameKind;
using storage::SearchBackfill;
using Progress = SearchBackfill::Progress;

constexpr std::chrono::milliseconds kStepPause{5};
// While another server fills the index, and after an error.
constexpr std::chrono::milliseconds kLongPause{1000};

constinit log::Limiter fault_lines{log::kRepeatedFault};

Result<Progress> fill_some(storage::Pool& pool, NameKind kind) {
  auto lease = pool.lease();
  if (!lease) return fail(lease);
  return SearchBackfill(**lease).step(kind);
}

}  // namespace

void SearchFiller::start() {
  thread_ = base::Thread("search-filler", [this] { work(); });
}

void SearchFiller::stop() {
  stop_.raise();
  thread_.join();
}

void SearchFiller::work() {
  for (const NameKind kind : {NameKind::kUser, NameKind::kGroup}) {
    std::size_t steps = 0;
    for (;;) {
      const auto progress = fill_some(pool_, kind);
      if (!progress) {
        log::limited(log::Level::kWarn, fault_lines, "event=search_fill_failed what={}",
                     log::quoted(progress.error().message));
      }
      if (progress && *progress == Progress::kFinished) break;
      const bool goes_on = progress && *progress == Progress::kMore;
      steps += goes_on ? 1 : 0;
      if (stop_.wait_for(goes_on ? kStepPause : kLongPause)) return;
    }
    if (steps == 0) continue;
    log::info("event=search_filled kind={} steps={}", kind == NameKind::kUser ? "user" : "group",
              steps);
  }
}

}  // namespace chat::service

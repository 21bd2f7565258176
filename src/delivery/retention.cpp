#include "delivery/retention.h"

#include <algorithm>
#include <utility>

#include "chat/base/log.h"
#include "chat/protocol/limits.h"
#include "chat/storage/message_model.h"
#include "chat/storage/prune_model.h"
#include "chat/storage/transact.h"

namespace chat::delivery {
namespace {

using storage::MessageModel;
using storage::PruneModel;

constexpr std::size_t kStreamsPerStep = 50;
constexpr std::size_t kRowsPerStep = 500;
constexpr std::chrono::milliseconds kPause{50};
constexpr Seq kKeptAtTheEnd = protocol::kDirectCidWindow;

// Calls `step`, which deletes at most kRowsPerStep rows, until it finds fewer.
template <typename Step, typename Rest>
Result<std::size_t> repeat(storage::Connection& connection, Step step, Rest rest) {
  std::size_t total = 0;
  for (;;) {
    Result<std::size_t> deleted = storage::transact(connection, step);
    if (!deleted) return deleted;
    total += *deleted;
    if (*deleted < kRowsPerStep || !rest()) return total;
  }
}

}  // namespace

void Retention::start(std::chrono::days keep) {
  if (keep.count() == 0) return;
  thread_ = base::Thread("retention", [this, keep] { work(keep); });
}

void Retention::stop() {
  stop_.raise();
  thread_.join();
}

void Retention::work(std::chrono::days keep) {
  do {
    const UnixMillis before = clock_.unix_millis() - std::chrono::milliseconds(keep).count();
    const auto deleted = pass(before, kPause);
    if (!deleted) {
      log::warn("event=retention_failed what={}", log::quoted(deleted.error().message));
    } else if (*deleted > 0) {
      log::info("event=retention deleted={}", *deleted);
    }
  } while (!stop_.wait_for(kPassInterval));
}

Result<std::size_t> Retention::run_once(std::chrono::days keep) {
  return pass(clock_.unix_millis() - std::chrono::milliseconds(keep).count(),
              std::chrono::milliseconds(0));
}

Result<std::size_t> Retention::pass(UnixMillis before, std::chrono::milliseconds pause) {
  auto direct = prune_direct_streams(before, pause);
  if (!direct) return direct;
  auto group = prune_groups(before, pause);
  if (!group) return group;
  return *direct + *group;
}

PruneModel::Bounds Retention::bounds_of(Seq delivered, Seq head, UnixMillis before) const {
  return {.last = std::min(delivered, head - kKeptAtTheEnd),
          .delivered = delivered,
          .before = before,
          .limit = kRowsPerStep,
          .now = clock_.unix_millis()};
}

Result<std::size_t> Retention::prune_direct_streams(UnixMillis before,
                                                    std::chrono::milliseconds pause) {
  std::size_t total = 0;
  storage::CursorMove last;
  do {
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    MessageModel messages(**lease);
    auto streams = messages.cursors_after(last.recipient, last.sender, kStreamsPerStep);
    if (!streams) return fail(streams);
    if (streams->empty()) return total;
    for (const storage::CursorMove& stream : *streams) {
      auto tail = messages.direct_tail(stream.recipient, stream.sender, 1);
      if (!tail) return fail(tail);
      if (tail->empty()) continue;
      const storage::MessageStream which{.direct = {stream.recipient, stream.sender}};
      const auto bounds = bounds_of(stream.delivered, tail->back().seq, before);
      auto deleted = repeat(
          **lease, [&] { return PruneModel(**lease).prune(which, bounds); },
          [&] { return !stop_.wait_for(pause); });
      if (!deleted) return deleted;
      total += *deleted;
    }
    last = streams->back();
  } while (!stop_.wait_for(pause));
  return total;
}

Result<std::size_t> Retention::prune_groups(UnixMillis before, std::chrono::milliseconds pause) {
  std::size_t total = 0;
  GroupId last;
  do {
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    MessageModel messages(**lease);
    auto groups = messages.groups_after(last, kStreamsPerStep);
    if (!groups) return fail(groups);
    if (groups->empty()) return total;
    for (const storage::GroupPosition& group : *groups) {
      auto slowest = messages.slowest_delivered(group.group);
      if (!slowest) return fail(slowest);
      const auto former = messages.slowest_former(group.group, before);
      if (!former) return fail(former);
      const Seq delivered = std::min(slowest->seq, former->value_or(slowest->seq));
      const auto bounds = bounds_of(delivered, group.head, before);
      auto deleted = repeat(
          **lease, [&] { return PruneModel(**lease).prune({.group = group.group}, bounds); },
          [&] { return !stop_.wait_for(pause); });
      if (!deleted) return deleted;
      total += *deleted;
    }
    last = groups->back().group;
  } while (!stop_.wait_for(pause));
  return total;
}

}  // namespace chat::delivery

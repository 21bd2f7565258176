#include "chat/storage/earlier_servers.h"

#include <fmt/format.h>

#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "storage/sql.h"

// The lock of servers without a bus of schema 4 and 5.
#define CHAT_LONE_LOCK "CONCAT('chatserver.', MD5(DATABASE()))"

namespace chat::storage {
namespace {

using std::chrono::milliseconds;

constexpr int kFirstVersionWithNodes = 4;
constexpr int kFirstVersionWithClusterId = 6;
constexpr milliseconds kRowPollInterval{250};
// A longer pause between two polls is a break: changes of the rows may have been missed.
constexpr milliseconds kRowPollGap{2'500};
// A server that was just told to stop still renews its lease and holds its lock while it stops.
constexpr milliseconds kEarlierStopPatience{5'000};

struct EarlierNode {
  std::int32_t id = 0;
  std::string name;
  std::int64_t epoch = 0;
  std::int64_t lease_until = 0;
  base::SteadyTime since{};  // when this state was first seen
};

// A server without a bus writes its row once, at its start, without connection ids. One with a bus
// does too, just before its first renewal.
constexpr std::string_view kEarlierRows =
    "SELECT id, name, epoch, lease_until FROM node WHERE lease_until <> 0"
    " AND (connection_ids <> '' OR lease_until > UNIX_TIMESTAMP() * 1000 - 60000)";

Result<std::vector<EarlierNode>> read_rows(Connection& connection) {
  return sql::read_all(connection, kEarlierRows, [](const Statement& row) {
    return EarlierNode{static_cast<std::int32_t>(row.integer(0)), std::string(row.text(1)),
                       row.integer(2), row.integer(3)};
  });
}

Error still_runs(const std::string& who) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("a server of an earlier version still uses this database: {}. It and this "
                      "version cannot work together: stop all servers, then update the schema",
                      who)};
}

}  // namespace

EarlierServers::~EarlierServers() {
  if (locked_) (void)sql::read_integer(connection_, "SELECT RELEASE_LOCK(" CHAT_LONE_LOCK ")");
}

Result<void> EarlierServers::exclude(int version) {
  const bool concerned = version >= kFirstVersionWithNodes && version < kFirstVersionWithClusterId;
  if (!concerned || connection_.dialect() != Dialect::kMysql) return {};
  if (auto locked = lock_out_lone_ones(); !locked) return locked;
  return watch_rows();
}

// Servers with a bus also refuse to start while the lock is held.
Result<void> EarlierServers::lock_out_lone_ones() {
  constexpr auto kPatience = std::chrono::duration_cast<std::chrono::seconds>(kEarlierStopPatience);
  const auto got = sql::read_integer(connection_, "SELECT GET_LOCK(" CHAT_LONE_LOCK ", ?)",
                                     std::int64_t{kPatience.count()});
  if (!got) return fail(got);
  locked_ = got->value_or(0) == 1;
  if (locked_) return {};
  const auto holder = sql::read_one(
      connection_,
      "SELECT host FROM information_schema.processlist WHERE id = IS_USED_LOCK(" CHAT_LONE_LOCK ")",
      [](const Statement& row) { return std::string(row.text(0)); });
  const bool named = holder && *holder && !(*holder)->empty();
  return tl::make_unexpected(
      still_runs("one without a bus" + (named ? ", connected from " + **holder : std::string())));
}

Result<void> EarlierServers::watch_rows() {
  const auto began = clock_.boot_now();
  auto looked = began;
  std::vector<EarlierNode> seen;
  for (bool first = true;; first = false) {
    auto rows = read_rows(connection_);
    if (!rows) return fail(rows);
    const auto now = clock_.boot_now();
    const bool steady = std::exchange(looked, now) + kRowPollGap >= now;
    bool all_still = true;
    for (EarlierNode& row : *rows) {
      row.since = now;
      for (const EarlierNode& before : seen) {
        if (before.id != row.id) continue;
        const bool moved = before.epoch != row.epoch || before.lease_until != row.lease_until;
        if (moved && now - began >= kEarlierStopPatience) {
          return tl::make_unexpected(still_runs("node " + row.name));
        }
        if (!moved && steady) row.since = before.since;
      }
      all_still = all_still && now - row.since >= wait_.lease;
    }
    if (all_still) return {};
    if (first && wait_.on_wait) {
      wait_.on_wait(
          fmt::format("waiting for up to {} s to see whether a server of an earlier "
                      "version still runs: node {}",
                      wait_.lease.count() / 1000, rows->front().name));
    }
    seen = *std::move(rows);
    if (!rest()) return fail(ErrorCode::kUnavailable, "stopped while waiting for a lease");
  }
}

// False if told to give up.
bool EarlierServers::rest() const {
  std::this_thread::sleep_for(kRowPollInterval);
  return !wait_.give_up || !wait_.give_up();
}

}  // namespace chat::storage

// A deleted account keeps its memberships until it has left each group by an act of its own: the
// event row, and a successor if it was the creator. All these acts have the cid of the row in
// `departure`, so an act that was committed is recognised in each group, whoever repeats it: after
// a lost answer, on another server, or beside this one. When no membership is left, the row goes.
#include "service/groups/departures.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/storage/group_model.h"
#include "chat/storage/settle.h"
#include "service/groups/group_acts.h"

namespace chat::service {
namespace {

using storage::Departure;
using storage::DepartureModel;
using storage::GroupModel;

// How often the table is read. Rows younger than this are the business of the server that made
// them.
constexpr std::chrono::seconds kLook{10};
constexpr std::size_t kRowsPerLook = 100;

constinit log::Limiter departure_faults{log::kRepeatedFault};

}  // namespace

void Departures::start() {
  thread_ = base::Thread("departures", [this] { work(); });
}

void Departures::stop() {
  stop_.raise();
  thread_.join();
}

// Nothing to note for a user who is in no group.
Result<void> Departures::begin(storage::Connection& connection, UserId user,
                               std::string_view name) {
  GroupModel groups(connection);
  const auto count = groups.count_of(user);
  if (!count) return fail(count);
  if (*count == 0) return groups.erase_all(user);
  return DepartureModel(connection)
      .add({user, std::string(name), new_act_cid()}, environment_.clock.unix_millis());
}

void Departures::leave_first(UserId user) {
  Result<std::optional<Departure>> departure = fail(ErrorCode::kUnavailable, "");
  if (auto lease = environment_.pool.lease()) departure = DepartureModel(**lease).find(user);
  if (departure && !*departure) return;
  if (departure && leave(**departure, kAtOnce) == Progress::kFinished) return;
  note(user);
}

void Departures::note(UserId user) {
  {
    base::MutexLock lock(mutex_);
    noted_.push_back(user);
  }
  stop_.wake();
}

// Groups in ascending order, like all that lock several.
Departures::Progress Departures::leave(const Departure& departure, std::size_t most) {
  Result<std::vector<storage::Membership>> memberships;
  {
    auto lease = environment_.pool.lease();
    if (!lease) return Progress::kFailed;
    memberships = GroupModel(**lease).memberships({&departure.user, 1});
  }
  if (!memberships) return Progress::kFailed;
  std::sort(memberships->begin(), memberships->end(),
            [](const auto& a, const auto& b) { return a.group < b.group; });
  for (const storage::Membership& membership : *memberships) {
    if (most-- == 0) return Progress::kMore;
    if (!leave_group(departure, membership.group)) return Progress::kFailed;
  }
  return end(departure) ? Progress::kFinished : Progress::kFailed;
}

bool Departures::leave_group(const Departure& departure, GroupId group) {
  const GroupActor actor{departure.user, departure.name, departure.cid};
  std::vector<GroupChange::Member> members;
  const auto change =
      storage::transact_settled(environment_.pool, [&](storage::Connection& connection, bool) {
        return attempt_change(environment_, connection, actor, group, &GroupAct::leave_for_good,
                              members);
      });
  if (!change) return false;
  tell_change(environment_, departure.name, group, *change);
  return true;
}

// Former memberships, too, are of no use any more.
bool Departures::end(const Departure& departure) {
  const auto ended = storage::transact_settled(
      environment_.pool, [&](storage::Connection& connection, bool) -> Result<void> {
        auto erased = GroupModel(connection).erase_all(departure.user);
        if (!erased) return erased;
        return DepartureModel(connection).erase(departure.user);
      });
  return ended.has_value();
}

Result<std::vector<Departure>> Departures::due(const std::vector<UserId>& noted) {
  auto lease = environment_.pool.lease();
  if (!lease) return fail(lease);
  DepartureModel model(**lease);
  const UnixMillis before =
      environment_.clock.unix_millis() - std::chrono::milliseconds(kLook).count();
  auto departures = model.some(before, kRowsPerLook);
  if (!departures) return departures;
  for (const UserId user : noted) {
    auto departure = model.find(user);
    if (!departure) return fail(departure);
    if (*departure) departures->push_back(std::move(**departure));
  }
  return departures;
}

void Departures::work() {
  do {
    std::vector<UserId> noted;
    {
      base::MutexLock lock(mutex_);
      noted.swap(noted_);
    }
    const auto departures = due(noted);
    bool failed = !departures;
    for (std::size_t i = 0; departures && i < departures->size(); ++i) {
      Progress progress = Progress::kMore;
      while (progress == Progress::kMore) {
        if (stop_.raised()) return;
        progress = leave((*departures)[i], kAtOnce);
      }
      failed = failed || progress == Progress::kFailed;
    }
    if (failed) log::limited(log::Level::kWarn, departure_faults, "event=departure_failed");
  } while (!stop_.wait_for(kLook));
}

}  // namespace chat::service

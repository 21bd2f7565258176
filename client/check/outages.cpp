#include "client/check/outages.h"

#include <algorithm>

namespace chat::client::check {
namespace {

using Duration = base::SteadyTime::duration;

void join(Disturbance& into, const Outage& outage) {
  ++into.clients;
  if (!outage.until) {
    into.all.reset();
    return;
  }
  const Duration took = *outage.until - into.from;
  into.first = into.first ? std::min(*into.first, took) : took;
  if (into.all) into.all = std::max(*into.all, took);
}

}  // namespace

std::vector<Disturbance> disturbances_of(std::vector<Outage> outages) {
  std::stable_sort(outages.begin(), outages.end(),
                   [](const Outage& a, const Outage& b) { return a.from < b.from; });
  std::vector<Disturbance> out;
  for (const Outage& outage : outages) {
    const bool goes_on =
        !out.empty() && (!out.back().all || outage.from <= out.back().from + *out.back().all);
    if (!goes_on) out.push_back({outage.from, 0, std::nullopt, Duration(0), outage.reason});
    join(out.back(), outage);
  }
  return out;
}

std::optional<Duration> worst_of(const std::vector<Disturbance>& disturbances) {
  Duration worst{0};
  for (const Disturbance& each : disturbances) {
    if (!each.all) return std::nullopt;
    worst = std::max(worst, *each.all);
  }
  return worst;
}

}  // namespace chat::client::check

#include "service/dispatch/act_rates.h"

#include <string>

namespace chat::service {
namespace {

base::Rate rate_of(std::int64_t per_minute) {
  return {per_minute, per_minute * ActRates::kBurstMinutes, std::chrono::minutes(1)};
}

}  // namespace

ActRates::ActRates(ServiceContext& context)
    : rates_(context.rates),
      acts_(rate_of(context.options.acts_per_minute)),
      reads_(rate_of(context.options.acts_per_minute * kReadsPerAct)) {}

std::chrono::milliseconds ActRates::take(UserId user, Charge charge) {
  const bool is_act = charge == Charge::kAct;
  const base::Rate& rate = is_act ? acts_ : reads_;
  if (charge == Charge::kNothing || rate.per_period == 0) return std::chrono::milliseconds(0);
  const base::NamedBucket bucket{(is_act ? "act:" : "read:") + std::to_string(user.value), rate,
                                 base::BucketKind::kAccount};
  return rates_.take({&bucket, 1}).value_or(std::chrono::milliseconds(0));
}

}  // namespace chat::service

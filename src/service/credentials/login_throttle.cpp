#include "service/credentials/login_throttle.h"

#include <utility>

namespace chat::service {
namespace {

using base::BucketKind;

constexpr std::chrono::seconds kThrottleWindow{60};

}  // namespace

LoginThrottle::LoginThrottle(std::int64_t per_address, std::int64_t per_account,
                             base::RateStore& own, base::RateStore* shared)
    : per_address_{per_address, per_address, kThrottleWindow},
      per_account_{per_account, per_account, kThrottleWindow},
      own_(own),
      shared_(shared) {}

// The address comes first, so that nothing is counted for the account if the address is over its
// limit.
std::vector<base::NamedBucket> LoginThrottle::buckets(const LoginAttempt& attempt) const {
  std::vector<base::NamedBucket> buckets;
  const auto add = [&buckets](std::string key, const base::Rate& rate, BucketKind kind) {
    if (rate.per_period != 0) buckets.push_back({std::move(key), rate, kind});
  };
  if (attempt.own_address) {
    add("login:pair:" + attempt.account + "@" + attempt.address, per_address_,
        BucketKind::kAccount);
  } else {
    add("login:address:" + attempt.address, per_address_, BucketKind::kAddress);
    add("login:account:" + attempt.account, per_account_,
        attempt.exists ? BucketKind::kAccount : BucketKind::kUnknown);
  }
  return buckets;
}

LoginThrottle::Permit LoginThrottle::begin(const LoginAttempt& attempt) {
  Permit made{std::chrono::milliseconds(0), buckets(attempt)};
  if (made.taken.empty()) return made;
  made.wait = own_.take(made.taken).value_or(made.wait);
  if (made.wait.count() > 0 || shared_ == nullptr) return made;
  made.wait = shared_->take(made.taken).value_or(made.wait);
  if (made.wait.count() > 0) own_.give_back(made.taken);
  return made;
}

void LoginThrottle::take_back(const Permit& made) {
  if (made.taken.empty()) return;
  own_.give_back(made.taken);
  if (shared_ != nullptr) shared_->give_back(made.taken);
}

}  // namespace chat::service

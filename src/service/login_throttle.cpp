#include "login_throttle.h"

namespace chat::service {
namespace {

constexpr std::chrono::seconds kMinute{60};

std::string pair_of(const Attempt& attempt) {
  return attempt.account + "@" + attempt.address;
}

std::string address_key(const Attempt& attempt) {
  return "login:own:" + pair_of(attempt);
}

}  // namespace

LoginThrottle::LoginThrottle(std::int64_t per_address, std::int64_t per_account,
                             base::RateStore& own, base::RateStore* shared)
    : per_address_{per_address, per_address, kMinute},
      per_account_{per_account, per_account, kMinute},
      own_(own),
      shared_(shared) {}

bool LoginThrottle::knows(const Attempt& attempt) const {
  const std::string key = address_key(attempt);
  return own_.knows(key) || (shared_ != nullptr && shared_->knows(key));
}

std::vector<base::NamedBucket> LoginThrottle::buckets(const Attempt& attempt,
                                                      bool own_address) const {
  std::vector<base::NamedBucket> buckets;
  const auto add = [&buckets](std::string key, const base::Rate& rate) {
    if (rate.per_period != 0) buckets.push_back({std::move(key), rate});
  };
  if (own_address) {
    add("login:pair:" + pair_of(attempt), per_address_);
  } else {
    add("login:address:" + attempt.address, per_address_);
    add("login:account:" + attempt.account, per_account_);
  }
  return buckets;
}

LoginThrottle::Try LoginThrottle::begin(const Attempt& attempt) {
  const bool own_address = knows(attempt);
  Try made{std::chrono::milliseconds(0), buckets(attempt, own_address), own_address};
  if (made.taken.empty()) return made;
  made.wait = own_.take(made.taken).value_or(made.wait);
  if (made.wait.count() > 0 || shared_ == nullptr) return made;
  made.wait = shared_->take(made.taken).value_or(made.wait);
  if (made.wait.count() > 0) own_.give_back(made.taken);
  return made;
}

void LoginThrottle::cancel(const Try& made) {
  if (made.taken.empty()) return;
  own_.give_back(made.taken);
  if (shared_ != nullptr) shared_->give_back(made.taken);
}

void LoginThrottle::succeeded(const Attempt& attempt, const Try& made) {
  cancel(made);
  own_.remember(address_key(attempt), kOwnAddressLifetime);
  if (shared_ != nullptr) shared_->remember(address_key(attempt), kOwnAddressLifetime);
}

}  // namespace chat::service

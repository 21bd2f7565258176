#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chat/base/rate_store.h"

namespace chat::service {

// A login attempt for an account from an address.
struct LoginAttempt {
  std::string account;       // a canonical name of the account
  std::string address;       // net::Address::network()
  bool own_address = false;  // the account was logged in to from there before
  bool exists = true;        // the account exists
};

// Limits wrong passwords. Each attempt takes a token and a right password returns it, so only
// failures count. An unknown address counts against the account's bucket and its own. An address
// from which the account was logged in to before has a separate bucket with this account, so that
// attackers cannot lock out the owner. Accounts that do not exist are limited alike, but their
// buckets never evict those of real accounts.
// Threading: thread-safe. With a shared store, calls may block on it.
class LoginThrottle {
 public:
  // 0: no limit. `shared` is used in addition to `own` and may be nullptr; while it is unavailable,
  // only the failures seen by this server count.
  LoginThrottle(std::int64_t per_address, std::int64_t per_account, base::RateStore& own,
                base::RateStore* shared);

  struct Permit {
    std::chrono::milliseconds wait{0};     // 0: the attempt is allowed
    std::vector<base::NamedBucket> taken;  // tokens taken, to return if it is right
  };
  Permit begin(const LoginAttempt& attempt);
  // Returns the tokens: the password was right or was not checked.
  void take_back(const Permit& made);

 private:
  std::vector<base::NamedBucket> buckets(const LoginAttempt& attempt) const;

  const base::Rate per_address_;
  const base::Rate per_account_;
  base::RateStore& own_;
  base::RateStore* const shared_;
};

}  // namespace chat::service

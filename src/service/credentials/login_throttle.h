#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chat/base/rate_store.h"

namespace chat::service {

// A client at an address that claims to be somebody.
struct LoginAttempt {
  std::string account;       // one name for each account, however the client called it
  std::string address;       // net::Address::network()
  bool own_address = false;  // the account has been logged in to from there
  bool exists = true;        // there is such an account
};

// How often a password may be tried. Each try takes a token and a right password gives it back, so
// only failures count. Strangers share the account's bucket and the bucket of their address. An
// address from which the account has been logged in to has a bucket of its own with it, so nobody
// else's failures keep the account's owner out. An account that does not exist is limited like one
// that does, but its bucket never takes the place of a real account's.
// Threading: thread-safe. With a shared store calls may wait for it.
class LoginThrottle {
 public:
  // 0: no limit. `shared` is asked beside `own` and may be nullptr; while it can't be asked, the
  // failures that this server has seen decide.
  LoginThrottle(std::int64_t per_address, std::int64_t per_account, base::RateStore& own,
                base::RateStore* shared);

  struct Permit {
    std::chrono::milliseconds wait{0};     // 0: the password may be tried
    std::vector<base::NamedBucket> taken;  // what that takes, unless it is right
  };
  Permit begin(const LoginAttempt& attempt);
  // The password was right, or was not tried after all: the try does not count.
  void take_back(const Permit& made);

 private:
  std::vector<base::NamedBucket> buckets(const LoginAttempt& attempt) const;

  const base::Rate per_address_;
  const base::Rate per_account_;
  base::RateStore& own_;
  base::RateStore* const shared_;
};

}  // namespace chat::service

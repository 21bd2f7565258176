#include "service/operation/registration_policy.h"

#include "service/credentials/token.h"
#include "service/dispatch/replies.h"

namespace chat::service {

using storage::RegistrationMode;
using storage::RegistrationModel;

Result<RegistrationMode> RegistrationPolicy::mode() {
  const auto now = context_.clock.now();
  {
    base::MutexLock lock(mutex_);
    if (mode_ && now - read_at_ < kMaxAge) return *mode_;
  }
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  const auto mode = RegistrationModel(**lease).mode();
  if (!mode) return mode;
  base::MutexLock lock(mutex_);
  mode_ = *mode;
  read_at_ = now;
  return mode;
}

void RegistrationPolicy::forget() {
  base::MutexLock lock(mutex_);
  mode_.reset();
}

Result<RegistrationPolicy::Verdict> RegistrationPolicy::check(
    const std::optional<std::string>& code) {
  const auto mode = this->mode();
  if (!mode) return fail(mode);
  if (*mode == RegistrationMode::kOpen) return Verdict{};
  if (*mode == RegistrationMode::kClosed) {
    return Verdict{failed("registration is closed on this server: ask its operator for an account"),
                   {}};
  }
  if (!code) {
    return Verdict{failed("registration needs an invitation: ask the server's operator for a code"),
                   {}};
  }
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  std::string hash = to_hex(hash_token(*code));
  const auto usable = RegistrationModel(**lease).is_usable(hash, context_.clock.unix_millis());
  if (!usable) return fail(usable);
  if (!*usable) return Verdict{invalid_invite(), {}};
  return Verdict{std::nullopt, std::move(hash)};
}

protocol::Refusal invalid_invite() {
  return failed("this invitation is not valid, or has expired or been used");
}

}  // namespace chat::service

#include "service/operation/registration_policy.h"

#include "service/credentials/token.h"
#include "service/dispatch/replies.h"

namespace chat::service {

using storage::RegistrationMode;
using storage::RegistrationModel;

namespace {

protocol::Refusal invalid_invite() {
  return failed("this invitation is not valid, or has expired or been used");
}

// Nothing if the mode allows it, in kInvite as far as there is a code.
std::optional<protocol::Refusal> refusal_in(RegistrationMode mode,
                                            const std::optional<std::string>& code) {
  switch (mode) {
    case RegistrationMode::kOpen: break;
    case RegistrationMode::kClosed:
      return failed("registration is closed on this server: ask its operator for an account");
    case RegistrationMode::kInvite:
      if (code) break;
      return failed("registration needs an invitation: ask the server's operator for a code");
  }
  return std::nullopt;
}

}  // namespace

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

Result<std::optional<protocol::Refusal>> RegistrationPolicy::check(
    const std::optional<std::string>& code) {
  const auto mode = this->mode();
  if (!mode) return fail(mode);
  auto refusal = refusal_in(*mode, code);
  if (refusal || *mode == RegistrationMode::kOpen) return refusal;
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  const auto usable =
      RegistrationModel(**lease).is_usable(to_hex(hash_token(*code)), context_.clock.unix_millis());
  if (!usable) return fail(usable);
  if (!*usable) refusal = invalid_invite();
  return refusal;
}

Outcome<void> RegistrationPolicy::enter(storage::Connection& connection,
                                        const std::optional<std::string>& code) {
  RegistrationModel model(connection);
  const auto mode = model.mode_locked();
  if (!mode) return service::failed(mode);
  if (auto refusal = refusal_in(*mode, code)) return tl::make_unexpected(Fault(*refusal));
  if (*mode == RegistrationMode::kOpen) return {};
  const auto used = model.use_code(to_hex(hash_token(*code)), context_.clock.unix_millis());
  if (!used) return service::failed(used);
  if (!*used) return tl::make_unexpected(Fault(invalid_invite()));
  return {};
}

}  // namespace chat::service

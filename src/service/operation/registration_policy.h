#pragma once

#include <optional>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/storage/registration_model.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// Decides who may register. check() reads the mode from the table at most once per kMaxAge; enter()
// reads it inside the transaction that stores the user, so a stricter mode binds on every node at
// once, also for registrations whose password is being hashed.
// Threading: thread-safe. Blocks on the database.
class RegistrationPolicy {
 public:
  static constexpr std::chrono::seconds kMaxAge{1};

  explicit RegistrationPolicy(ServiceContext& context) : context_(context) {}

  Result<storage::RegistrationMode> mode();
  // Call after a change by this node.
  void forget();
  // Why somebody with this code, if any, may not register now. Call before the password is hashed.
  Result<std::optional<protocol::Refusal>> check(const std::optional<std::string>& code);
  // Decides in the transaction that stores the user, and uses up the code if one is needed.
  Outcome<void> enter(storage::Connection& connection, const std::optional<std::string>& code);

 private:
  ServiceContext& context_;
  base::Mutex mutex_;  // nothing is called under it
  std::optional<storage::RegistrationMode> mode_ CHAT_GUARDED_BY(mutex_);
  base::SteadyTime read_at_ CHAT_GUARDED_BY(mutex_){};
};

}  // namespace chat::service

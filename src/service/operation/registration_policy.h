#pragma once

#include <optional>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/storage/registration_model.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// Decides who may register. The mode is read from the table at most once per kMaxAge, so a change
// takes effect on every node within that time.
// Threading: thread-safe. Blocks on the database.
class RegistrationPolicy {
 public:
  static constexpr std::chrono::seconds kMaxAge{2};

  explicit RegistrationPolicy(ServiceContext& context) : context_(context) {}

  Result<storage::RegistrationMode> mode();
  // Call after a change by this node.
  void forget();
  // Whether somebody with this code, if any, may register now.
  struct Verdict {
    std::optional<protocol::Refusal> refusal;
    std::string code_hash;  // of the code to use up with the registration; empty: none
  };
  Result<Verdict> check(const std::optional<std::string>& code);

 private:
  ServiceContext& context_;
  base::Mutex mutex_;  // nothing is called under it
  std::optional<storage::RegistrationMode> mode_ CHAT_GUARDED_BY(mutex_);
  base::SteadyTime read_at_ CHAT_GUARDED_BY(mutex_){};
};

protocol::Refusal invalid_invite();

}  // namespace chat::service

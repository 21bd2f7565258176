#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

enum class RegistrationMode { kOpen, kClosed, kInvite };

// Who may register: the row 'registration' of table `setting`, and table `registrationcode`, whose
// codes allow a registration while it is by invitation. Calls block.
class RegistrationModel {
 public:
  explicit RegistrationModel(Connection& connection) : connection_(connection) {}

  // kOpen if it was never set.
  Result<RegistrationMode> mode();
  // The same for a write transaction: set_mode() on another connection waits until it has ended.
  Result<RegistrationMode> mode_locked();
  Result<void> set_mode(RegistrationMode mode);

  // Adds the code, or leaves it as it is if it exists; deletes codes that have expired or are used
  // up.
  Result<void> add_code(std::string_view code_hash, UnixMillis now, UnixMillis expires_at,
                        std::int64_t uses);
  Result<bool> is_usable(std::string_view code_hash, UnixMillis now);
  // Takes one of its uses; false if it has none or has expired.
  Result<bool> use_code(std::string_view code_hash, UnixMillis now);

 private:
  Result<RegistrationMode> read_mode(std::string_view sql);

  Connection& connection_;
};

std::string_view to_string(RegistrationMode mode);
std::optional<RegistrationMode> registration_mode(std::string_view word);

}  // namespace chat::storage

#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "chat/net/address.h"
#include "chat/net/admission.h"

namespace chat::server {

// Limits the number of connections, in total and per client address. 0 means no limit; loopback
// addresses are exempt from the second. `farewell` becomes a BYE frame with the reason.
// Threading: thread-safe. Bounds: one entry per connected address.
class ConnectionLimits final : public net::Admission {
 public:
  ConnectionLimits(std::size_t in_all, std::size_t per_address)
      : in_all_(in_all), per_address_(per_address) {}

  bool admit(const net::Address& client, std::string& farewell) override;
  void gone(const net::Address& client) override;
  bool hold_place(std::string& farewell) override;
  void free_place() override;

 private:
  bool counts_address(const net::Address& client) const;
  bool full_locked(std::string& farewell) const CHAT_REQUIRES(mutex_);

  const std::size_t in_all_;
  const std::size_t per_address_;
  base::Mutex mutex_;
  std::size_t open_ CHAT_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::size_t> by_address_ CHAT_GUARDED_BY(mutex_);
};

// The number of client connections that the process can hold: its descriptor limit, raised to the
// maximum, less those for databases, logs and loops; or `wished` if that is not 0 and lower.
std::size_t connection_capacity(std::size_t wished);

}  // namespace chat::server

#include "server/connection_limits.h"

#include <sys/resource.h>

#include <algorithm>

#include "chat/protocol/framing.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/login_messages.h"

namespace chat::server {
namespace {

constexpr std::size_t kDescriptorHeadroom = 64;
constexpr int kReconnectAfterMs = 5000;

// The peer has sent nothing yet, so text framing is used.
std::string bye(const char* reason) {
  const std::string json = protocol::encode_push(
      protocol::messages::ByePush{.reason = reason, .reconnect_after_ms = kReconnectAfterMs});
  std::string frame;
  protocol::append_frame(frame, protocol::Framing::kText, json);
  return frame;
}

}  // namespace

bool ConnectionLimits::admit(const net::Address& client, std::string& farewell) {
  base::MutexLock lock(mutex_);
  if (full_locked(farewell)) return false;
  if (counts_address(client)) {
    std::size_t& count = by_address_[client.network()];
    if (count >= per_address_) {
      farewell = bye("too_many_connections");
      return false;
    }
    ++count;
  }
  ++open_;
  return true;
}

void ConnectionLimits::gone(const net::Address& client) {
  base::MutexLock lock(mutex_);
  --open_;
  if (!counts_address(client)) return;
  const auto found = by_address_.find(client.network());
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

bool ConnectionLimits::hold_place(std::string& farewell) {
  base::MutexLock lock(mutex_);
  if (full_locked(farewell)) return false;
  ++open_;
  return true;
}

void ConnectionLimits::free_place() {
  base::MutexLock lock(mutex_);
  --open_;
}

bool ConnectionLimits::full_locked(std::string& farewell) const {
  if (in_all_ == 0 || open_ < in_all_) return false;
  farewell = bye("server_full");
  return true;
}

bool ConnectionLimits::counts_address(const net::Address& client) const {
  return per_address_ != 0 && !client.is_loopback();
}

std::size_t connection_capacity(std::size_t wished) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wished;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto descriptors = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t possible =
      descriptors > 2 * kDescriptorHeadroom ? descriptors - kDescriptorHeadroom : descriptors / 2;
  return wished == 0 ? possible : std::min(wished, possible);
}

}  // namespace chat::server

#include "net/inner/turn_away.h"

#include <sys/socket.h>

namespace chat::net {
namespace {

// Closing with unread input sends RST, which may overtake the farewell, so input already received
// is dropped. Bounded, to keep the main loop free.
void discard_pending_input(int fd) {
  char dropped[4096];
  for (int i = 0; i < 16; ++i) {
    if (::recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT) <= 0) return;
  }
}

}  // namespace

void turn_away(base::UniqueFd socket, std::string_view farewell) {
  // A new socket's buffer is empty, so this short line fits unless the peer is gone.
  [[maybe_unused]] const auto ignored =
      ::send(socket.get(), farewell.data(), farewell.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  discard_pending_input(socket.get());
}

}  // namespace chat::net

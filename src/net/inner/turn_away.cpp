#include "net/inner/turn_away.h"

#include <sys/socket.h>

namespace chat::net {
namespace {

// Closing over unread input sends RST, which may overtake the farewell: drops what a caller that
// speaks first has already said. Bounded: nobody keeps the main loop busy with it.
void discard_pending_input(int fd) {
  char dropped[4096];
  for (int i = 0; i < 16; ++i) {
    if (::recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT) <= 0) return;
  }
}

}  // namespace

void turn_away(base::UniqueFd socket, std::string_view farewell) {
  // A fresh socket's buffer is empty: this short line fits or the peer is gone.
  [[maybe_unused]] const auto ignored =
      ::send(socket.get(), farewell.data(), farewell.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  discard_pending_input(socket.get());
}

}  // namespace chat::net

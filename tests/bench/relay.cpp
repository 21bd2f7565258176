// The bare relay: what moving the bytes alone costs on this machine (relay_protocol.h).
//
// One thread, one epoll. Each turn of the loop reads every connection that has something, once,
// appends the frames to the outputs of those that they are for, and then writes each output that
// grew with one send(). The chat server batches by turns in the same way, and the relay does
// nothing besides, so the server's figures are compared with the relay's. It is a yardstick: a
// change to it makes earlier results incomparable.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "relay_protocol.h"

namespace chat::bench {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr int kEventsPerTurn = 512;

struct Peer {
  int fd = -1;
  std::uint32_t id = 0;  // 0: its hello is still to come
  bool dirty = false;    // its output grew in this turn, or its socket takes bytes again
  bool waits = false;    // for EPOLLOUT
  bool dead = false;
  std::string in;  // an incomplete frame
  std::string out;
  std::size_t sent = 0;
};

// The connection of each id: a table of two levels over 2^31 ids, with memory only for those in
// use.
class Table {
 public:
  Peer* find(std::uint32_t id) const {
    const auto& page = pages_[id >> kPageBits];
    return page ? (*page)[id & kPageMask] : nullptr;
  }
  void put(std::uint32_t id, Peer* peer) {
    auto& page = pages_[id >> kPageBits];
    if (!page) page = std::make_unique<Page>();
    (*page)[id & kPageMask] = peer;
  }

 private:
  static constexpr unsigned kPageBits = 12;
  static constexpr std::uint32_t kPageMask = (1u << kPageBits) - 1;
  using Page = std::array<Peer*, 1u << kPageBits>;
  std::vector<std::unique_ptr<Page>> pages_ =
      std::vector<std::unique_ptr<Page>>((kRelayUserIdMax >> kPageBits) + 1);
};

struct Group {
  std::uint32_t first = 0;
  std::uint32_t members = 0;
};

[[noreturn]] void stop(const char* doing) {
  std::fprintf(stderr, "chatbench-relay: %s: %s\n", doing, std::strerror(errno));
  std::exit(1);
}

class Relay {
 public:
  explicit Relay(int listener) : listener_(listener), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, kEventsPerTurn> events{};
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), kEventsPerTurn, -1);
      if (count < 0 && errno != EINTR) stop("epoll_wait");
      for (int i = 0; i < count; ++i) handle(events[static_cast<std::size_t>(i)]);
      write_all();
      for (Peer* peer : dead_) delete peer;
      dead_.clear();
    }
  }

 private:
  void handle(const epoll_event& event) {
    auto* peer = static_cast<Peer*>(event.data.ptr);
    if (peer == nullptr) {
      accept_all();
      return;
    }
    if ((event.events & EPOLLOUT) != 0) touch(*peer);
    if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) read(*peer);
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0 && errno == ECONNABORTED) continue;
      if (fd < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (fd < 0) stop("accept");
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto* peer = new Peer;
      peer->fd = fd;
      watch(EPOLL_CTL_ADD, fd, EPOLLIN, peer);
    }
  }

  // Called once a turn; if input is left, the next turn begins at once.
  void read(Peer& peer) {
    if (peer.dead) return;
    const ssize_t got = ::recv(peer.fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      end(peer);
      return;
    }
    const std::string_view fresh(buffer_.data(), static_cast<std::size_t>(got));
    if (peer.in.empty()) {
      peer.in.assign(take_frames(peer, fresh));
    } else {
      std::string whole = std::move(peer.in);
      whole.append(fresh);
      peer.in.assign(take_frames(peer, whole));
    }
  }

  // Returns the incomplete frame at the end.
  std::string_view take_frames(Peer& peer, std::string_view bytes) {
    while (bytes.size() >= kRelayLengthBytes) {
      const std::size_t length = load_big_endian(bytes.data());
      if (length < kRelayIdBytes || length > kRelayFrameMaxBytes) {
        end(peer);
        return {};
      }
      if (bytes.size() < kRelayLengthBytes + length) break;
      take(peer, bytes.substr(0, kRelayLengthBytes + length));
      if (peer.dead) return {};
      bytes.remove_prefix(kRelayLengthBytes + length);
    }
    return bytes;
  }

  void take(Peer& peer, std::string_view frame) {
    const std::string_view payload = frame.substr(kRelayLengthBytes);
    const std::uint32_t id = load_big_endian(payload.data());
    if (peer.id == 0) {
      welcome(peer, id, frame);
    } else if (id == kRelayGroupFrame) {
      make_group(peer, frame);
    } else if ((id & kRelayGroupBit) != 0) {
      send_to_group(peer, id & ~kRelayGroupBit, frame);
    } else {
      send_to(table_.find(id), frame);
    }
  }

  void welcome(Peer& peer, std::uint32_t id, std::string_view frame) {
    if (id == 0 || id > kRelayUserIdMax || frame.size() != kRelayLengthBytes + kRelayHelloBytes) {
      end(peer);
      return;
    }
    peer.id = id;
    table_.put(id, &peer);
    send_to(&peer, frame);
  }

  void make_group(Peer& peer, std::string_view frame) {
    if (frame.size() != kRelayLengthBytes + kRelayGroupFrameBytes) {
      end(peer);
      return;
    }
    const char* numbers = frame.data() + kRelayLengthBytes + kRelayIdBytes;
    groups_[load_big_endian(numbers)] = {load_big_endian(numbers + kRelayIdBytes),
                                         load_big_endian(numbers + 2 * kRelayIdBytes)};
    send_to(&peer, frame);
  }

  void send_to_group(const Peer& sender, std::uint32_t number, std::string_view frame) {
    const auto found = groups_.find(number);
    if (found == groups_.end()) return;
    for (std::uint32_t i = 0; i < found->second.members; ++i) {
      const std::uint32_t id = found->second.first + i;
      if (id > kRelayUserIdMax) return;
      Peer* member = table_.find(id);
      if (member != &sender) send_to(member, frame);
    }
  }

  void send_to(Peer* peer, std::string_view frame) {
    if (peer == nullptr) return;
    peer->out.append(frame);
    if (!peer->waits) touch(*peer);
  }

  void touch(Peer& peer) {
    if (peer.dirty || peer.dead) return;
    peer.dirty = true;
    dirty_.push_back(&peer);
  }

  void write_all() {
    for (Peer* peer : dirty_) {
      peer->dirty = false;
      if (!peer->dead) write(*peer);
    }
    dirty_.clear();
  }

  void write(Peer& peer) {
    while (peer.sent < peer.out.size()) {
      const ssize_t put =
          ::send(peer.fd, peer.out.data() + peer.sent, peer.out.size() - peer.sent, MSG_NOSIGNAL);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno != EAGAIN) {
        end(peer);
        return;
      }
      if (put < 0) break;
      peer.sent += static_cast<std::size_t>(put);
    }
    const bool left = peer.sent < peer.out.size();
    if (!left || peer.sent > kReadBytes) {
      peer.out.erase(0, peer.sent);
      peer.sent = 0;
    }
    if (left == peer.waits) return;
    peer.waits = left;
    watch(EPOLL_CTL_MOD, peer.fd, left ? EPOLLIN | EPOLLOUT : EPOLLIN, &peer);
  }

  // The object lives until the turn is over, as others may still refer to it.
  void end(Peer& peer) {
    if (peer.dead) return;
    peer.dead = true;
    ::close(peer.fd);
    if (peer.id != 0 && table_.find(peer.id) == &peer) table_.put(peer.id, nullptr);
    dead_.push_back(&peer);
  }

  void watch(int operation, int fd, std::uint32_t events, Peer* peer) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = peer;
    if (::epoll_ctl(epoll_, operation, fd, &event) != 0) stop("epoll_ctl");
  }

  const int listener_;
  const int epoll_;
  Table table_;
  std::unordered_map<std::uint32_t, Group> groups_;
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
  std::vector<Peer*> dirty_;
  std::vector<Peer*> dead_;
};

int listen_on(unsigned short port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) stop("socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) stop("bind");
  if (::listen(fd, SOMAXCONN) != 0) stop("listen");
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("ready listen=127.0.0.1:%u\n", unsigned{ntohs(address.sin_port)});
  std::fflush(stdout);
  return fd;
}

void open_many_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace chat::bench

int main(int argc, char** argv) {
  char* rest = nullptr;
  const unsigned long port = argc == 2 ? std::strtoul(argv[1], &rest, 10) : 0;
  if (argc > 2 || port > 65535 || (rest != nullptr && (*rest != '\0' || rest == argv[1]))) {
    std::fputs("usage: chatbench-relay [PORT]\nRelays frames on 127.0.0.1:PORT (0: any).\n",
               stderr);
    return 2;
  }
  chat::bench::open_many_files();
  chat::bench::Relay(chat::bench::listen_on(static_cast<unsigned short>(port))).run();
}

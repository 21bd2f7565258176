#include "frame_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace chat::test {
namespace {

constexpr std::size_t kLengthBytes = 4;

sockaddr_in loopback_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

base::UniqueFd new_stream_socket() {
  return base::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void send_without_delay(const base::UniqueFd& socket) {
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

FrameProxy::FrameProxy(std::uint16_t server_port, Tamper tamper)
    : server_port_(server_port),
      tamper_(std::move(tamper)),
      listener_(new_stream_socket()),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = loopback_address(0);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), SOMAXCONN) != 0 ||
      ::getsockname(listener_.get(), any, &size) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = base::Thread("frame-proxy", [this] { work(); });
}

FrameProxy::~FrameProxy() {
  const std::uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof(one));
  thread_.join();
}

void FrameProxy::work() {
  for (;;) {
    std::vector<pollfd> waits{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const auto& link : links_) {
      waits.push_back({link->client.get(), POLLIN, 0});
      waits.push_back({link->server.get(), POLLIN, 0});
    }
    ::poll(waits.data(), waits.size(), -1);
    if (waits[0].revents != 0) return;
    for (std::size_t i = 0; i < links_.size(); ++i) {
      if (waits[2 + 2 * i].revents != 0) carry(*links_[i], true);
      if (waits[3 + 2 * i].revents != 0 && !links_[i]->dead) carry(*links_[i], false);
    }
    std::erase_if(links_, [](const auto& link) { return link->dead; });
    if (waits[1].revents != 0) accept_one();
  }
}

void FrameProxy::accept_one() {
  auto link = std::make_unique<Link>();
  link->client = base::UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  link->server = new_stream_socket();
  const sockaddr_in address = loopback_address(server_port_);
  if (::connect(link->server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {
    return;
  }
  send_without_delay(link->client);
  send_without_delay(link->server);
  links_.push_back(std::move(link));
}

void FrameProxy::carry(Link& link, bool from_client) {
  std::array<char, 65536> buffer;
  const int from = from_client ? link.client.get() : link.server.get();
  const int to = from_client ? link.server.get() : link.client.get();
  const auto size = ::read(from, buffer.data(), buffer.size());
  if (size <= 0) {
    link.dead = true;
    return;
  }
  std::string bytes(buffer.data(), static_cast<std::size_t>(size));
  if (!from_client) {
    link.unread += bytes;
    bytes = tampered(link.unread);
  }
  if (!write_all(to, bytes)) link.dead = true;
}

// Removes every complete frame from the front; returns the bytes to forward.
std::string FrameProxy::tampered(std::string& unread) const {
  std::string out;
  while (unread.size() >= kLengthBytes) {
    std::uint32_t length = 0;
    std::memcpy(&length, unread.data(), kLengthBytes);
    const std::size_t end = kLengthBytes + ntohl(length);
    if (unread.size() < end) break;
    const Json said = Json::parse(unread.substr(kLengthBytes, end - kLengthBytes));
    for (const Json& instead : tamper_(said)) out += frame(Wire::kBinary, instead.dump());
    unread.erase(0, end);
  }
  return out;
}

}  // namespace chat::test

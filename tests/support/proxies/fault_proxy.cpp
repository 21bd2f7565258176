#include "fault_proxy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace chat::test {
namespace {

constexpr std::size_t kHeldBytesMost = 256 * 1024;
constexpr std::size_t kHeadBytes = 1024;
constexpr int kReceiveBytes = 64 * 1024;
constexpr milliseconds kFullQueuePause{20};
constexpr std::size_t kClientEnd = 0;
constexpr std::size_t kToClient = 1;

std::size_t index_of(FaultProxy::Way way) {
  return static_cast<std::size_t>(way);
}

base::UniqueFd new_socket(int family, int flags = 0) {
  return base::UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

sockaddr_in address_of(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

template <typename Address>
bool bind_and_listen(int fd, const Address& address) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
         ::listen(fd, SOMAXCONN) == 0;
}

template <typename Address>
bool connect_it(int fd, const Address& address) {
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

FaultProxy::ConnectionJudge without_number(FaultProxy::Judge judge) {
  if (!judge) return {};
  return [judge = std::move(judge)](std::uint64_t, FaultProxy::Way way, std::string_view bytes) {
    return judge(way, bytes);
  };
}

// Each write is a separate segment.
void send_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

FaultProxy::FaultProxy(std::string server_socket, Judge judge)
    : FaultProxy(std::move(server_socket), without_number(std::move(judge))) {}

FaultProxy::FaultProxy(std::string server_socket, ConnectionJudge judge, Front front)
    : server_port_(0), judge_(std::move(judge)), server_socket_(std::move(server_socket)) {
  listen_and_work(front);
}

FaultProxy::FaultProxy(std::uint16_t server_port, Judge judge)
    : server_port_(server_port), judge_(without_number(std::move(judge))) {
  listen_and_work(Front::kPort);
}

void FaultProxy::listen_and_work(Front front) {
  const bool local = front == Front::kSocket;
  listener_ = new_socket(local ? AF_UNIX : AF_INET);
  if (!local && server_port_ == 0) {  // what the client's system counts as received is nearly sent
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof(kReceiveBytes));
  }
  const bool listens = local ? bind_and_listen(listener_.get(), address_of(socket()))
                             : bind_and_listen(listener_.get(), address_of(std::uint16_t{0}));
  if (!listens) throw std::runtime_error("the proxy cannot listen");
  if (!local) port_ = port_of(listener_.get());
  wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  thread_ = base::Thread("fault-proxy", [this] { work(); });
}

FaultProxy::~FaultProxy() {
  stopping_ = true;
  wake();
  thread_.join();
}

void FaultProxy::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
}

void FaultProxy::only_those_that_sent(std::string text) {
  {
    base::MutexLock lock(scope_mutex_);
    scope_ = std::move(text);
  }
  wake();
}

void FaultProxy::redirect(std::string server_socket) {
  base::MutexLock lock(scope_mutex_);
  server_socket_ = std::move(server_socket);
}

bool FaultProxy::is_chosen(const Link& link) const {
  base::MutexLock lock(scope_mutex_);
  return scope_.empty() || link.head.find(scope_) != std::string::npos;
}

bool FaultProxy::is_held(const Link& link, std::size_t way) const {
  return setting_.held[way] && is_chosen(link);
}

void FaultProxy::set_latency(milliseconds latency) {
  setting_.latency_ms = latency.count();
}

void FaultProxy::limit_bandwidth(std::int64_t bytes_per_second) {
  setting_.bytes_per_second = bytes_per_second;
  wake();
}

void FaultProxy::limit_slices(std::int64_t bytes) {
  setting_.slice_bytes = bytes;
  wake();
}

void FaultProxy::blackhole(Way way, bool on) {
  setting_.held[index_of(way)] = on;
  wake();
}

void FaultProxy::cut_after(Way way, std::int64_t bytes) {
  setting_.cut_after[index_of(way)] = bytes;
  wake();
}

void FaultProxy::reset_all() {
  setting_.reset_asked = true;
  wake();
  if (!wait_until([this] { return !setting_.reset_asked; })) throw std::runtime_error("no reset");
}

void FaultProxy::half_close_all(Way way) {
  std::atomic<bool>& asked = setting_.half_close_asked[index_of(way)];
  asked = true;
  wake();
  if (!wait_until([&] { return !asked; })) throw std::runtime_error("no half-close");
}

void FaultProxy::work() {
  std::vector<short> events;
  while (!stopping_) {
    bool connection_waits = false;
    wait(events, connection_waits);
    for (std::size_t i = 0; i < links_.size(); ++i) {
      for (const std::size_t way : {0U, 1U}) {
        Link& link = *links_[i];
        // Input is polled at the sender's end, room at the receiver's.
        const short room = events[2 * i + 1 - way] & POLLOUT;
        if (!link.dead)
          carry(link, way, static_cast<short>((events[2 * i + way] & ~POLLOUT) | room));
      }
    }
    obey();
    std::erase_if(links_, [](const auto& link) { return link->dead; });
    if (connection_waits) accept_one();
    connections_ = static_cast<int>(links_.size());
  }
}

void FaultProxy::wait(std::vector<short>& events_of_ends, bool& connection_waits) {
  const bool unreachable = setting_.held[0] && setting_.held[1] && is_chosen(Link{});
  const bool accepts = !unreachable && accepts_from_ <= std::chrono::steady_clock::now();
  std::vector<pollfd> waits{{wake_.get(), POLLIN, 0}, {accepts ? listener_.get() : -1, POLLIN, 0}};
  for (const auto& link : links_) {
    for (const std::size_t end : {0U, 1U}) {
      const Lane& out = link->lanes[end];
      const Lane& in = link->lanes[1 - end];
      const bool reads = !out.ended && !is_held(*link, end) && out.held_bytes < kHeldBytesMost;
      const auto events = static_cast<short>((reads ? POLLIN : 0) | (in.full ? POLLOUT : 0));
      // A descriptor without requested events would report its end continually.
      waits.push_back({events != 0 ? link->ends[end].get() : -1, events, 0});
    }
  }
  ::poll(waits.data(), waits.size(), next_turn_ms());
  std::uint64_t ignored = 0;
  (void)!::read(wake_.get(), &ignored, sizeof(ignored));
  connection_waits = waits[1].revents != 0;
  events_of_ends.clear();
  for (std::size_t i = 2; i < waits.size(); ++i) events_of_ends.push_back(waits[i].revents);
}

// The time until a delayed piece is due. -1: none.
int FaultProxy::next_turn_ms() const {
  Time next = accepts_from_ > std::chrono::steady_clock::now() ? accepts_from_ : Time::max();
  for (const auto& link : links_) {
    for (const std::size_t way : {0U, 1U}) {
      const Lane& lane = link->lanes[way];
      if (lane.pieces.empty() || lane.full || is_held(*link, way)) continue;
      next = std::min(next, std::max(lane.pieces.front().due, lane.not_before));
    }
  }
  if (next == Time::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(next - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void FaultProxy::obey() {
  if (setting_.reset_asked) {
    for (auto& link : links_) {
      if (is_chosen(*link)) reset(*link);
    }
    setting_.reset_asked = false;
  }
  for (const std::size_t way : {0U, 1U}) {
    if (!setting_.half_close_asked[way]) continue;
    for (auto& link : links_) {
      if (!is_chosen(*link)) continue;
      link->lanes[way].ended = true;
      link->lanes[way].finished = true;
      link->lanes[way].pieces.clear();
      ::shutdown(link->ends[1 - way].get(), SHUT_WR);
    }
    setting_.half_close_asked[way] = false;
  }
}

void FaultProxy::reset(Link& link) {
  const linger at_once{1, 0};
  for (base::UniqueFd& end : link.ends) {
    if (end) ::setsockopt(end.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    end.reset();
  }
  link.dead = true;
}

void FaultProxy::accept_one() {
  base::UniqueFd server;
  if (!setting_.refuses) {
    server = connect_to_server();
    if (!server &&
        errno == EAGAIN) {  // the backlog of a stopped server is full: the client waits too
      accepts_from_ = std::chrono::steady_clock::now() + kFullQueuePause;
      return;
    }
  }
  auto link = std::make_unique<Link>();
  link->ends[kClientEnd].reset(
      ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  link->ends[1 - kClientEnd] = std::move(server);
  if (!link->ends[0] || !link->ends[1]) return;
  link->number = ++last_number_;
  for (const base::UniqueFd& end : link->ends) send_at_once(end.get());
  links_.push_back(std::move(link));
}

// Never blocks: connecting to a Unix socket succeeds or fails at once.
base::UniqueFd FaultProxy::connect_to_server() const {
  base::MutexLock lock(scope_mutex_);
  const bool local = server_port_ == 0;
  base::UniqueFd server = new_socket(local ? AF_UNIX : AF_INET, local ? SOCK_NONBLOCK : 0);
  const bool connected = local ? connect_it(server.get(), address_of(server_socket_))
                               : connect_it(server.get(), address_of(server_port_));
  return connected ? std::move(server) : base::UniqueFd();
}

void FaultProxy::carry(Link& link, std::size_t way, short events) {
  Lane& lane = link.lanes[way];
  if ((events & POLLOUT) != 0) lane.full = false;
  const bool has_input = (events & (POLLIN | POLLHUP | POLLERR)) != 0;
  if (has_input && !lane.ended && !is_held(link, way)) read_some(link, way);
  // The judge may have switched the direction off.
  if (!link.dead && !lane.full && !is_held(link, way)) send_due(link, way);
  if (link.lanes[0].finished && link.lanes[1].finished) link.dead = true;
}

void FaultProxy::read_some(Link& link, std::size_t way) {
  std::array<char, 65536> buffer;
  const auto size = ::recv(link.ends[way].get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  if (link.client_cut) {  // the answer was dropped
    link.dead = true;
    return;
  }
  if (size < 0) {
    reset(link);
    return;
  }
  Lane& lane = link.lanes[way];
  if (size == 0) {
    lane.ended = true;
    return;
  }
  std::string bytes(buffer.data(), static_cast<std::size_t>(size));
  if (way == index_of(Way::kToServer) && link.head.size() < kHeadBytes) link.head += bytes;
  const Fate fate = judge_ ? judge_(link.number, static_cast<Way>(way), bytes) : Fate::kPass;
  if (fate != Fate::kPass) ++cuts_;
  if (fate == Fate::kLose) return;
  if (fate == Fate::kCutBefore) {
    reset(link);
    return;
  }
  if (fate == Fate::kCutAfter) {
    link.client_cut = true;
    link.ends[kClientEnd].reset();
    link.lanes[kToClient].pieces.clear();
    lane.ended = true;
  }
  const milliseconds latency{is_chosen(link) ? setting_.latency_ms.load() : 0};
  const auto due = std::chrono::steady_clock::now() + latency;
  lane.held_bytes += bytes.size();
  lane.pieces.push_back({due, std::move(bytes)});
}

std::size_t FaultProxy::allowed_now(const Lane& lane, std::size_t way) const {
  constexpr std::int64_t kTurnsPerSecond = 100;
  auto most = static_cast<std::int64_t>(lane.pieces.front().bytes.size());
  if (const std::int64_t slice = setting_.slice_bytes; slice > 0) most = std::min(most, slice);
  if (const std::int64_t rate = setting_.bytes_per_second; rate > 0) {
    most = std::min(most, std::max<std::int64_t>(rate / kTurnsPerSecond, 1));
  }
  if (const std::int64_t cut = setting_.cut_after[way]; cut >= 0) most = std::min(most, cut);
  return static_cast<std::size_t>(most);
}

void FaultProxy::send_due(Link& link, std::size_t way) {
  Lane& lane = link.lanes[way];
  const auto now = std::chrono::steady_clock::now();
  while (!lane.pieces.empty() && lane.pieces.front().due <= now && lane.not_before <= now) {
    Piece& piece = lane.pieces.front();
    const std::size_t size = allowed_now(lane, way);
    const auto sent = size == 0 ? 0
                                : ::send(link.ends[1 - way].get(), piece.bytes.data(), size,
                                         MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) {
      lane.full = true;
      return;
    }
    if (sent < 0) {
      reset(link);
      return;
    }
    piece.bytes.erase(0, static_cast<std::size_t>(sent));
    if (piece.bytes.empty()) lane.pieces.pop_front();
    note_sent(link, way, static_cast<std::size_t>(sent));
    if (link.dead) return;
  }
  const bool end_is_due = lane.ended && lane.pieces.empty() && !lane.finished && !link.client_cut;
  if (end_is_due) {
    lane.finished = true;
    ::shutdown(link.ends[1 - way].get(), SHUT_WR);
  }
}

void FaultProxy::note_sent(Link& link, std::size_t way, std::size_t bytes) {
  Lane& lane = link.lanes[way];
  lane.held_bytes -= bytes;
  if (const std::int64_t rate = setting_.bytes_per_second; rate > 0) {
    lane.not_before =
        std::chrono::steady_clock::now() +
        std::chrono::microseconds(static_cast<std::int64_t>(bytes) * 1'000'000 / rate);
  }
  std::atomic<std::int64_t>& cut_after = setting_.cut_after[way];
  if (cut_after < 0) return;
  cut_after -= static_cast<std::int64_t>(bytes);
  if (cut_after > 0) return;
  cut_after = -1;
  ++cuts_;
  reset(link);
}

}  // namespace chat::test

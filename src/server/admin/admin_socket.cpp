#include "server/admin/admin_socket.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include "chat/base/log.h"
#include "chat/protocol/admin_path.h"
#include "server/admin/admin_lines.h"

namespace chat::server {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr std::string_view kTooLong = R"({"ok":false,"error":"the command is too long"})"
                                      "\n";
constexpr std::string_view kTooMany =
    R"({"ok":false,"error":"too many operators are connected: try again later"})"
    "\n";

tl::unexpected<Error> unusable(const std::string& path, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument,
              "cannot listen for operators on " + path + ": " + std::string(why));
}

base::UniqueFd new_socket() {
  return base::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return unusable(path, "the path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// Removes the socket of a server that has died.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return unusable(path, "it exists and is not a socket");
  const base::UniqueFd probe = new_socket();
  const bool answered = ::connect(probe.get(), generic(address), sizeof(address)) == 0;
  if (answered || errno == EAGAIN) return unusable(path, "another server listens there");
  if (errno != ECONNREFUSED) return unusable(path, std::strerror(errno));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return unusable(path, std::strerror(errno));
  return {};
}

std::uint32_t uid_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  const bool known = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known ? static_cast<std::uint32_t>(peer.uid) : static_cast<std::uint32_t>(-1);
}

}  // namespace

// One connection.
class AdminSocket::Client {
 public:
  explicit Client(base::UniqueFd fd) : fd_(std::move(fd)), uid_(uid_of(fd_.get())) { touch(); }

  int fd() const { return fd_.get(); }
  short events() const { return output_.empty() ? POLLIN : POLLOUT; }
  bool closed() const { return closed_; }
  Time deadline() const { return deadline_; }
  void close() { closed_ = true; }

  // Continues as far as the peer and `answer` allow.
  void advance(const Answer& answer) {
    if (output_.empty()) read();
    while (!closed_ && output_.empty()) {
      if (lines_.too_long()) {
        output_ = kTooLong;
        last_ = true;
      } else if (const auto line = lines_.next()) {
        output_ = answer(*line, uid_);
      } else {
        return;
      }
      touch();
      write();
    }
    if (!output_.empty()) write();
  }

 private:
  void touch() { deadline_ = std::chrono::steady_clock::now() + protocol::kAdminPatience; }

  void read() {
    std::array<char, 16 * 1024> buffer;
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) return lines_.feed({buffer.data(), static_cast<std::size_t>(got)});
    closed_ = got == 0 || (errno != EAGAIN && errno != EINTR);
  }

  void write() {
    const ssize_t sent = ::send(fd_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      output_.erase(0, static_cast<std::size_t>(sent));
      touch();
    } else {
      closed_ = errno != EAGAIN && errno != EINTR;
    }
    if (output_.empty() && last_) closed_ = true;
  }

  const base::UniqueFd fd_;
  const std::uint32_t uid_;
  AdminLines lines_{protocol::kAdminLineMax};
  std::string output_;
  bool last_ = false;  // close after this output
  bool closed_ = false;
  Time deadline_;
};

AdminSocket::AdminSocket() = default;

AdminSocket::~AdminSocket() {
  stop();
}

// The file gets its rights before listen(), so that nobody can connect earlier.
Result<void> AdminSocket::open(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return fail(address);
  std::error_code ignored;  // bind() gives a better error
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  if (auto removed = remove_stale(path, *address); !removed) return removed;
  base::UniqueFd socket = new_socket();
  base::UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!socket || !wake) return unusable(path, std::strerror(errno));
  if (::bind(socket.get(), generic(*address), sizeof(*address)) != 0) {
    return unusable(path, std::strerror(errno));
  }
  struct stat status {};
  const bool ready = ::chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0 &&
                     ::lstat(path.c_str(), &status) == 0 &&
                     ::listen(socket.get(), static_cast<int>(kConnectionsMax)) == 0;
  if (!ready) {
    const int reason = errno;
    ::unlink(path.c_str());
    return unusable(path, std::strerror(reason));
  }
  path_ = path;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  socket_ = std::move(socket);
  wake_ = std::move(wake);
  return {};
}

void AdminSocket::start(Answer answer) {
  answer_ = std::move(answer);
  thread_ = base::Thread("admin", [this] { work(); });
}

void AdminSocket::stop() {
  if (!socket_) return;
  stopping_.store(true);
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
  thread_.join();
  clients_.clear();
  if (is_ours()) ::unlink(path_.c_str());
  socket_.reset();
}

// False if somebody has put another file in its place.
bool AdminSocket::is_ours() const {
  struct stat status {};
  return ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_;
}

void AdminSocket::work() {
  while (!stopping_.load()) {
    std::vector<pollfd> watched{{wake_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
    int patience = -1;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& client : clients_) {
      watched.push_back({client->fd(), client->events(), 0});
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(client->deadline() - now);
      const int left_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
      patience = patience < 0 ? left_ms : std::min(patience, left_ms);
    }
    if (::poll(watched.data(), watched.size(), patience) < 0 && errno != EINTR) return;
    serve(watched);
    if (watched[1].revents != 0) accept_clients();
  }
}

void AdminSocket::serve(const std::vector<pollfd>& ready) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = *clients_[i];
    if (stopping_.load()) return;
    if (ready[i + 2].revents != 0) {
      client.advance(answer_);
    } else if (std::chrono::steady_clock::now() >= client.deadline()) {
      client.close();
    }
  }
  std::erase_if(clients_, [](const auto& client) { return client->closed(); });
}

void AdminSocket::accept_clients() {
  for (;;) {
    base::UniqueFd fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    if (clients_.size() >= kConnectionsMax) {
      (void)!::send(fd.get(), kTooMany.data(), kTooMany.size(), MSG_NOSIGNAL);
      continue;
    }
    clients_.push_back(std::make_unique<Client>(std::move(fd)));
  }
}

}  // namespace chat::server

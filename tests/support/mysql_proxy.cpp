#include "support/mysql_proxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace chat::test {
namespace {

// COM_QUERY "COMMIT" as the client library sends it, alone in a packet: three bytes of length, the
// packet's number 0, the command 3, the text.
constexpr std::string_view kCommit{
    "\x07\0\0\0\x03"
    "COMMIT",
    11};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

base::UniqueFd new_socket() {
  return base::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
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

MysqlProxy::MysqlProxy(std::string database_socket)
    : database_socket_(std::move(database_socket)),
      listener_(new_socket()),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  const sockaddr_un address = address_of(socket());
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener_.get(), SOMAXCONN) != 0) {
    throw std::runtime_error("the proxy can't listen on " + socket());
  }
  thread_ = base::Thread("mysql-proxy", [this] { work(); });
}

MysqlProxy::~MysqlProxy() {
  const std::uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof(one));
  thread_.join();
}

void MysqlProxy::work() {
  for (;;) {
    std::vector<pollfd> waits{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const auto& link : links_) {
      waits.push_back({link->client.get(), POLLIN, 0});
      waits.push_back({link->database.get(), POLLIN, 0});
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

void MysqlProxy::accept_one() {
  auto link = std::make_unique<Link>();
  link->client = base::UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  link->database = new_socket();
  const sockaddr_un address = address_of(database_socket_);
  if (::connect(link->database.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) == 0) {
    links_.push_back(std::move(link));
  }
}

void MysqlProxy::carry(Link& link, bool from_client) {
  std::array<char, 65536> buffer;
  const int from = from_client ? link.client.get() : link.database.get();
  const int to = from_client ? link.database.get() : link.client.get();
  const auto size = ::read(from, buffer.data(), buffer.size());
  if (size <= 0) {
    link.dead = true;
    return;
  }
  const std::string bytes(buffer.data(), static_cast<std::size_t>(size));
  if (from_client && cut_here(link, bytes)) return;
  if (!write_all(to, bytes)) link.dead = true;
}

bool MysqlProxy::cut_here(Link& link, const std::string& bytes) {
  if (bytes != kCommit) return false;
  const Cut cut = cut_.exchange(Cut::kNothing);
  if (cut == Cut::kNothing) return false;
  if (cut == Cut::kAfterDelivery) {
    write_all(link.database.get(), bytes);
    // The database reads it before it finds that nobody wants the answer.
    link.client.reset();
    std::array<char, 1> answer;
    (void)!::read(link.database.get(), answer.data(), answer.size());
  }
  ++cuts_;
  link.dead = cut != Cut::kHold;
  return true;
}

}  // namespace chat::test

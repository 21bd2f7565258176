#include "classic_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "secrets.h"

namespace chat::test {

ClassicClient::ClassicClient(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }
}

void ClassicClient::send(const Json& object) {
  note_secrets_of(object);
  const std::string text = object.dump();
  send_raw({text.c_str(), text.size() + 1});
}

void ClassicClient::send_raw(std::string_view bytes) {
  const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(bytes.size())) throw ConnectionEnded("send");
}

bool ClassicClient::readable(milliseconds time) const {
  pollfd waiting{socket_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

Json ClassicClient::receive() {
  Json object = receive_all().front();
  cut_off_.clear();
  return object;
}

std::vector<Json> ClassicClient::receive_all() {
  std::vector<Json> objects;
  while (objects.empty()) {
    std::array<char, 1024> buffer{};
    if (!readable(scaled(kPatience))) throw TimedOut("recv(1024)");
    const auto size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) throw ConnectionEnded("recv(1024)");
    // The originals would read past the buffer.
    if (std::memchr(buffer.data(), 0, buffer.size()) == nullptr) {
      throw std::runtime_error("no NUL within 1024 bytes");
    }
    cut_off_.append(buffer.data(), static_cast<std::size_t>(size));
    for (auto end = cut_off_.find('\0'); end != cut_off_.npos; end = cut_off_.find('\0')) {
      objects.push_back(Json::parse(cut_off_.substr(0, end)));
      note_secrets_of(objects.back());
      cut_off_.erase(0, end + 1);
    }
  }
  return objects;
}

void ClassicClient::expect_silence_for(milliseconds time) {
  EXPECT_FALSE(readable(time)) << receive();
}

void ClassicClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  socket_.reset();
}

void ClassicClient::half_close() {
  ::shutdown(socket_.get(), SHUT_WR);
}

Json ClassicClient::register_user(const std::string& name, int msgid) {
  send({{"msgid", msgid}, {"name", name}, {"password", "secret of " + name}});
  return receive();
}

Json ClassicClient::log_in(std::int64_t id, const std::string& name) {
  send({{"msgid", 1}, {"id", id}, {"password", "secret of " + name}});
  return receive();
}

}  // namespace chat::test

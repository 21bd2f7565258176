// The behaviour of nginx with conf/nginx.conf that the chat servers rely on, tested with plain
// sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "support/deadline.h"
#include "support/processes/nginx_server.h"

namespace chat::test {
namespace {

sockaddr_in loopback_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::uint16_t port_of(const base::UniqueFd& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

bool readable(const base::UniqueFd& socket, milliseconds usual = kPatience) {
  pollfd entry{socket.get(), POLLIN, 0};
  return ::poll(&entry, 1, Deadline(usual).poll_timeout()) == 1;
}

// One end of a TCP connection. Every wait has a deadline.
class End {
 public:
  explicit End(base::UniqueFd socket) : socket_(std::move(socket)) {}

  void send(std::string_view bytes) {
    EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void finish() { ::shutdown(socket_.get(), SHUT_WR); }

  // Up to and with the LF.
  std::string receive_line() {
    while (unread_.find('\n') == std::string::npos) {
      if (!read_some()) throw std::runtime_error("the input ended after: " + unread_);
    }
    const auto size = unread_.find('\n') + 1;
    std::string line = unread_.substr(0, size);
    unread_.erase(0, size);
    return line;
  }
  std::string receive_to_end() {
    while (read_some()) {
    }
    return std::exchange(unread_, {});
  }
  std::uint16_t port() const { return port_of(socket_); }

 private:
  bool read_some() {
    if (!readable(socket_)) throw std::runtime_error("nothing comes after: " + unread_);
    std::array<char, 65536> buffer;
    const auto size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size > 0) unread_.append(buffer.data(), static_cast<std::size_t>(size));
    return size > 0;
  }

  base::UniqueFd socket_;
  std::string unread_;
};

// Takes the place of a chat server. When closed, its port refuses connections.
class Upstream {
 public:
  Upstream() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback_address(0);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(socket_.get(), SOMAXCONN) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = port_of(socket_);
  }
  std::uint16_t port() const { return port_; }
  End accept() {
    if (!readable(socket_)) throw std::runtime_error("nobody comes");
    return End(base::UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  }
  bool has_caller() { return readable(socket_, milliseconds{0}); }
  void close() { socket_.reset(); }

 private:
  base::UniqueFd socket_;
  std::uint16_t port_;
};

End connect_to(std::uint16_t port) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback_address(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error("nginx refuses a connection");
  }
  return End(std::move(socket));
}

void expect_bytes_both_ways(End& client, End& server) {
  client.send("there\n");
  EXPECT_EQ(server.receive_line(), "there\n");
  server.send("and back\n");
  EXPECT_EQ(client.receive_line(), "and back\n");
}

class Nginx : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = NginxServer::missing(); !why.empty()) GTEST_SKIP() << why;
  }
  static std::string proxy_line(const End& client, const NginxServer& nginx) {
    return "PROXY TCP4 127.0.0.1 127.0.0.1 " + std::to_string(client.port()) + " " +
           std::to_string(nginx.port()) + "\r\n";
  }

  Upstream first;
  Upstream second;
};

TEST_F(Nginx, PassesTheClientsAddressAndBytesBothWays) {
  NginxServer nginx({first.port()});
  End client = connect_to(nginx.port());
  End server = first.accept();
  // Before the client has sent anything, and before all of its data.
  EXPECT_EQ(server.receive_line(), proxy_line(client, nginx));
  expect_bytes_both_ways(client, server);

  const std::string much(1'000'000, 'x');
  client.send(much + "\n");
  EXPECT_EQ(server.receive_line(), much + "\n");
}

TEST_F(Nginx, PassesOnHalfClose) {
  NginxServer nginx({first.port()});
  End client = connect_to(nginx.port());
  End server = first.accept();
  client.send("question\n");
  client.finish();
  EXPECT_EQ(server.receive_to_end(), proxy_line(client, nginx) + "question\n");
  server.send("answer\n");
  server.finish();
  EXPECT_EQ(client.receive_to_end(), "answer\n");
}

TEST_F(Nginx, ReloadSendsNewClientsElsewhereAndKeepsTheOldOnes) {
  NginxServer nginx({first.port()});
  End old_client = connect_to(nginx.port());
  End old_server = first.accept();
  old_server.receive_line();

  nginx.reload({second.port()});
  for (int i = 0; i < 5; ++i) {
    End client = connect_to(nginx.port());
    End server = second.accept();
    EXPECT_EQ(server.receive_line(), proxy_line(client, nginx));
    expect_bytes_both_ways(client, server);
  }
  EXPECT_FALSE(first.has_caller());
  expect_bytes_both_ways(old_client, old_server);
}

TEST_F(Nginx, UsesTheNextServerWhenOneRefuses) {
  NginxServer nginx({first.port(), second.port()});
  first.close();
  for (int i = 0; i < 6; ++i) {
    End client = connect_to(nginx.port());
    End server = second.accept();
    EXPECT_EQ(server.receive_line(), proxy_line(client, nginx));
    expect_bytes_both_ways(client, server);
  }
}

TEST_F(Nginx, DistributesConnectionsEvenly) {
  NginxServer nginx({first.port(), second.port()});
  std::vector<End> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(connect_to(nginx.port()));
    held.push_back(connect_to(nginx.port()));
    held.push_back(first.accept());
    held.push_back(second.accept());
  }
}

TEST_F(Nginx, EndsTheClientWhenItsServerDies) {
  NginxServer nginx({first.port()});
  End client = connect_to(nginx.port());
  {
    End server = first.accept();
    server.receive_line();
  }
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(Nginx, WorkersOutliveTheirMasterAndANewOneTakesThePort) {
  NginxServer nginx({first.port()});
  End client = connect_to(nginx.port());
  End server = first.accept();
  server.receive_line();

  nginx.kill9_master();
  expect_bytes_both_ways(client, server);
  nginx.start();
  End new_client = connect_to(nginx.port());
  End new_server = first.accept();
  EXPECT_EQ(new_server.receive_line(), proxy_line(new_client, nginx));
  expect_bytes_both_ways(client, server);

  nginx.kill9();
  EXPECT_EQ(client.receive_to_end(), "");
  EXPECT_EQ(new_client.receive_to_end(), "");
  nginx.start();
  End last_client = connect_to(nginx.port());
  EXPECT_EQ(first.accept().receive_line(), proxy_line(last_client, nginx));
}

}  // namespace
}  // namespace chat::test

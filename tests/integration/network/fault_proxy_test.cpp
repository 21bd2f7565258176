// The proxy of the fault tests, tested with plain sockets.
#include "support/proxies/fault_proxy.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>

#include "support/clients/tcp_client.h"
#include "support/processes/free_port.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;
using Way = FaultProxy::Way;

net::Address loopback(std::uint16_t port) {
  return net::Address::parse("127.0.0.1:" + std::to_string(port)).value();
}

class FaultProxyTest : public ::testing::Test {
 protected:
  FaultProxyTest() : port_(free_port()), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    const net::Address address = loopback(port_);
    if (::bind(listener_.get(), address.data(), address.size()) != 0 ||
        ::listen(listener_.get(), 8) != 0) {
      throw std::runtime_error("cannot listen");
    }
  }
  void connect(FaultProxy::Judge judge = {}) {
    proxy = std::make_unique<FaultProxy>(port_, std::move(judge));
    client = std::make_unique<TcpClient>(loopback(proxy->port()));
    server.reset(::accept(listener_.get(), nullptr, nullptr));
    const timeval patience{10, 0};
    ::setsockopt(server.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  // The server's input: `size` bytes, or fewer at the end.
  std::string received(std::size_t size) {
    std::string bytes(size, '\0');
    const auto count = ::recv(server.get(), bytes.data(), size, MSG_WAITALL);
    bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return bytes;
  }
  bool server_has_input() {
    char byte = 0;
    return ::recv(server.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }
  void answer(const std::string& bytes) {
    EXPECT_EQ(::send(server.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Expects bytes to pass in both directions.
  void expect_clear() {
    client->send("there");
    EXPECT_EQ(received(5), "there");
    answer("back");
    EXPECT_EQ(client->receive(4), "back");
  }

  const std::uint16_t port_;
  base::UniqueFd listener_;
  std::unique_ptr<FaultProxy> proxy;
  std::unique_ptr<TcpClient> client;
  base::UniqueFd server;
};

TEST_F(FaultProxyTest, PassesBytesAndEnds) {
  connect();
  expect_clear();
  client->finish();
  EXPECT_EQ(received(1), "");
  answer("last words");
  server.reset();
  EXPECT_EQ(client->receive_all(), "last words");
  EXPECT_EQ(client->error(), 0);
}

TEST_F(FaultProxyTest, CarriesMuchToALateReader) {
  connect();
  const std::string much(4'000'000, 'x');
  std::size_t sent = client->send_some(much);
  std::size_t arrived = 0;
  while (arrived < much.size()) {
    const std::size_t some = received(std::min<std::size_t>(100'000, much.size() - arrived)).size();
    ASSERT_GT(some, 0U) << "after " << arrived;
    arrived += some;
    if (sent < much.size()) sent += client->send_some(std::string_view(much).substr(sent));
  }
  expect_clear();
}

TEST_F(FaultProxyTest, DelaysByTheLatency) {
  connect();
  proxy->set_latency(milliseconds{200});
  const auto began = Clock::now();
  expect_clear();
  EXPECT_GE(Clock::now() - began, milliseconds{400});
}

TEST_F(FaultProxyTest, LimitsTheBandwidth) {
  connect();
  proxy->limit_bandwidth(100'000);
  const auto began = Clock::now();
  client->send(std::string(50'000, 'x'));
  EXPECT_EQ(received(50'000).size(), 50'000U);
  EXPECT_GE(Clock::now() - began, milliseconds{400});
  EXPECT_LE(Clock::now() - began, scaled(milliseconds{5'000}));
}

TEST_F(FaultProxyTest, SplitsIntoSingleBytes) {
  connect();
  proxy->limit_slices(1);
  const std::uint32_t before = client->data_segments_received();
  answer("0123456789");
  EXPECT_EQ(client->receive(10), "0123456789");
  EXPECT_GE(client->data_segments_received() - before, 10U);
}

TEST_F(FaultProxyTest, BlackholeBlocksOneWayUntilLifted) {
  connect();
  proxy->blackhole(Way::kToServer, true);
  client->send("held");
  answer("passes");
  EXPECT_EQ(client->receive(6), "passes");
  EXPECT_FALSE(server_has_input());
  proxy->blackhole(Way::kToServer, false);
  EXPECT_EQ(received(4), "held");
}

TEST_F(FaultProxyTest, BlackholeHidesTheEnd) {
  connect();
  proxy->blackhole(Way::kToClient, true);
  answer("last words");
  server.reset();
  char byte = 0;
  EXPECT_EQ(::recv(client->fd(), &byte, 1, MSG_DONTWAIT), -1);
  proxy->blackhole(Way::kToClient, false);
  EXPECT_EQ(client->receive_all(), "last words");
}

TEST_F(FaultProxyTest, ResetsAll) {
  connect();
  expect_clear();
  proxy->reset_all();
  EXPECT_EQ(client->receive_all(), "");
  EXPECT_EQ(client->error(), ECONNRESET);
  EXPECT_EQ(received(1), "");
  EXPECT_EQ(proxy->cuts(), 0);
  TcpClient second(loopback(proxy->port()));
  EXPECT_TRUE(second.connected());
}

TEST_F(FaultProxyTest, HalfClosesOneWay) {
  connect();
  proxy->half_close_all(Way::kToServer);
  EXPECT_EQ(received(1), "");
  answer("still here");
  EXPECT_EQ(client->receive(10), "still here");
}

TEST_F(FaultProxyTest, CutsAfterTheGivenNumberOfBytes) {
  connect();
  proxy->cut_after(Way::kToServer, 3);
  client->send("012345");
  EXPECT_EQ(received(6), "012");
  EXPECT_EQ(client->receive_all(), "");
  EXPECT_EQ(proxy->cuts(), 1);
}

TEST_F(FaultProxyTest, HitsOnlyTheConnectionsThatSentAWord) {
  connect();
  proxy->only_those_that_sent("SUBSCRIBE");
  client->send("PUBLISH");
  EXPECT_EQ(received(7), "PUBLISH");
  TcpClient subscriber(loopback(proxy->port()));
  base::UniqueFd other(::accept(listener_.get(), nullptr, nullptr));
  subscriber.send("SUBSCRIBE");
  std::string word(9, '\0');
  EXPECT_EQ(::recv(other.get(), word.data(), word.size(), MSG_WAITALL), 9);
  proxy->blackhole(Way::kToServer, true);
  proxy->blackhole(Way::kToClient, true);
  expect_clear();
  subscriber.send("held");
  char byte = 0;
  EXPECT_EQ(::recv(other.get(), &byte, 1, MSG_DONTWAIT), -1);
  proxy->blackhole(Way::kToServer, false);
  proxy->blackhole(Way::kToClient, false);
  EXPECT_EQ(::recv(other.get(), word.data(), 4, MSG_WAITALL), 4);
  proxy->reset_all();
  EXPECT_EQ(subscriber.receive_all(), "");
  expect_clear();
}

TEST_F(FaultProxyTest, RefusesNewConnections) {
  connect();
  proxy->refuse(true);
  TcpClient second(loopback(proxy->port()));
  EXPECT_EQ(second.receive_all(), "");
  expect_clear();
  proxy->refuse(false);
  TcpClient third(loopback(proxy->port()));
  base::UniqueFd other(::accept(listener_.get(), nullptr, nullptr));
  EXPECT_TRUE(other);
}

TEST_F(FaultProxyTest, JudgeDecides) {
  connect([](Way, std::string_view bytes) {
    if (bytes == "lose") return FaultProxy::Fate::kLose;
    if (bytes == "cut before") return FaultProxy::Fate::kCutBefore;
    return bytes == "cut after" ? FaultProxy::Fate::kCutAfter : FaultProxy::Fate::kPass;
  });
  client->send("lose");
  EXPECT_TRUE(wait_until([&] { return proxy->cuts() == 1; }));
  expect_clear();
  client->send("cut after");
  EXPECT_EQ(received(9), "cut after");
  EXPECT_EQ(client->receive_all(), "");
  answer("heard by nobody");
  EXPECT_TRUE(wait_until([&] { return proxy->connections() == 0; }));

  TcpClient second(loopback(proxy->port()));
  server.reset(::accept(listener_.get(), nullptr, nullptr));
  second.send("cut before");
  EXPECT_EQ(second.receive_all(), "");
  EXPECT_EQ(received(1), "");
}

}  // namespace
}  // namespace chat::test

// Browsers and other protocols on the chat port: nothing after their first bytes is treated as a
// request.
#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>

#include "chat/base/unique_fd.h"
#include "integration/network/balancer_fixture.h"
#include "support/eventually.h"

namespace chat::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A socket that sends bytes and reads to the end.
class Caller {
 public:
  explicit Caller(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address))) {
      throw std::runtime_error("connect");
    }
  }
  // False if the server accepts no more.
  bool send(std::string_view bytes) {
    return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  void send_byte_by_byte(std::string_view bytes) {
    for (const char byte : bytes) send({&byte, 1});
  }
  // Everything up to the server's FIN.
  std::string receive_to_end() {
    std::string all;
    std::array<char, 4096> buffer;
    const Deadline deadline(scaled(kPatience));
    for (;;) {
      pollfd ready{socket_.get(), POLLIN, 0};
      if (::poll(&ready, 1, deadline.poll_timeout()) != 1) throw TimedOut("end of input");
      const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (count < 0) throw std::runtime_error("reset");
      if (count == 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  base::UniqueFd socket_;
};

class Http : public BehindABalancer {
 protected:
  std::string register_request(const std::string& name) {
    return Json{{"msgid", 4}, {"name", name}, {"password", "secret-1"}}.dump() + "\n";
  }
  std::string post(const std::string& method, const std::string& body) {
    return method +
           " / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static void expect_refusal(const std::string& answer) {
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    const auto body = answer.find("\r\n\r\n") + 4;
    EXPECT_THAT(answer,
                HasSubstr("\r\nContent-Length: " + std::to_string(answer.size() - body) + "\r\n"));
    EXPECT_GT(answer.size(), body);
  }
  // This name was not registered.
  void expect_not_executed(const std::string& name) {
    RawClient client(port());
    expect_ok(client.request({{"msgid", 4}, {"name", name}, {"password", "secret-1"}}), 5);
  }
};

TEST_F(Http, GetsOneResponseAndItsBodyIsNotExecuted) {
  int number = 0;
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "OPTIONS", "DELETE", "CONNECT",
                                   "TRACE", "PROPFIND", "x-y"}) {
    SCOPED_TRACE(method);
    const std::string name = "page " + std::to_string(++number);
    Caller caller(port());
    caller.send(post(method, register_request(name)));
    expect_refusal(caller.receive_to_end());
    expect_not_executed(name);
  }
}

TEST_F(Http, IsRecognisedByteByByteAndBehindABalancer) {
  for (const std::uint16_t at : {port(), server.proxy_port()}) {
    const std::string name = "page at " + std::to_string(at);
    Caller caller(at);
    if (at != port()) caller.send(text_header("203.0.113.7"));
    caller.send_byte_by_byte(post("POST", register_request(name)));
    expect_refusal(caller.receive_to_end());
    expect_not_executed(name);
  }
}

TEST_F(Http, HeadIsAnsweredWithoutABody) {
  Caller caller(port());
  caller.send(post("HEAD", ""));
  const std::string answer = caller.receive_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(Http, AnswerIsNotLostWhenMuchMoreWasSent) {
  Caller caller(port());
  const std::string junk(64 * 1024, 'x');
  caller.send(post("POST", junk));
  for (int i = 0; i < 64 && caller.send(junk); ++i) {
  }
  expect_refusal(caller.receive_to_end());
}

TEST_F(Http, IsRecognisedAfterEmptyOrForeignLines) {
  int number = 0;
  for (const std::string before : {"\r\n", " ", "PROXY TCP4 203.0.113.7 198.51.100.1 1 2\r\n"}) {
    SCOPED_TRACE(before);
    const std::string name = "late page " + std::to_string(++number);
    Caller caller(port());
    caller.send(before + post("POST", register_request(name)));
    EXPECT_THAT(caller.receive_to_end(), HasSubstr("HTTP/1.1 400 "));
    expect_not_executed(name);
  }
}

TEST_F(Http, MistypedLineIsAnsweredAndTheClientContinues) {
  for (const std::string line : {"hello", "GET", "POS", "PUT", "G", "DEL"}) {
    SCOPED_TRACE(line);
    RawClient client(port());
    client.send_raw(line + "\r\n");
    expect_error(client.receive(), 100, errors::kBadJson);
    expect_alive(client);
  }
}

TEST_F(Http, MethodNamesInsideAnObjectAreText) {
  RawClient client(port());
  client.send_raw("{\"msgid\":21,\"x\":\"GET / HTTP/1.1\"}\n");
  expect_ok(client.receive(), 121);
  client.send_raw("GET / HTTP/1.1\n");
  expect_error(client.receive(), 100, errors::kBadJson);
  expect_alive(client);
}

// A TLS server chooses the session ticket, which its clients send to whatever address its name
// resolves to next.
TEST_F(Http, LinesInsideATlsHelloAreNotExecuted) {
  const std::string hello = "\x16\x03\x01\x02\x05\x01 ticket";
  RawClient client(port());
  client.send_raw(hello + "\n" + register_request("by tls"));
  EXPECT_EQ(client.receive().at("msgid"), 100);
  expect_error(client.receive(), 100, errors::kBadJson);
  expect_not_executed("by tls");
}

}  // namespace
}  // namespace chat::test

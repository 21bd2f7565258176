// The listener for balancers: the PROXY header names the client wherever the server uses an
// address. On the public port it is not accepted.
#include <gtest/gtest.h>

#include "balancer_fixture.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// 203.0.113.7 port 40000 by version 2, with a TLV behind the addresses.
std::string binary_header_of_the_client() {
  return binary_header(0x21, 0x11,
                       std::string("\xCB\x00\x71\x07\xC6\x33\x64\x01\x9C\x40\x17\x70"
                                   "\x04\x00\x01x",
                                   16));
}
constexpr const char* kClient = "203.0.113.7";
constexpr const char* kOther = "203.0.113.8";

class Proxy : public BehindABalancer {
 protected:
  using BehindABalancer::BehindABalancer;

  bool log_says(const std::string& text) {
    return wait_until([&] { return server.log().find(text) != std::string::npos; });
  }
};

TEST_F(Proxy, ReadyLineAndLogNameItsAddress) {
  const std::string where = " proxy_listen=127.0.0.1:" + std::to_string(server.proxy_port());
  EXPECT_GT(server.proxy_port(), 0);
  EXPECT_NE(server.proxy_port(), server.port());
  EXPECT_THAT(server.ready_line(), HasSubstr(where + " node="));
  EXPECT_TRUE(log_says(where));
}

TEST_F(Proxy, LoginsAndRegistrationsAreLoggedWithTheClientsAddress) {
  RawClient client = connect_as(kClient);
  const Account alice = test::register_account(client, "alice");
  request_ok(client, login_request(alice));
  const std::string id = std::to_string(alice.id);
  EXPECT_TRUE(log_says("event=registered user=" + id + " peer=203.0.113.7:40000"));
  EXPECT_TRUE(log_says("event=login user=" + id + " peer=203.0.113.7:40000"));
}

TEST_F(Proxy, HeaderMaySplitAtEveryByteBeforeRequests) {
  int number = 0;
  for (const std::string& header : {text_header(kClient), binary_header_of_the_client()}) {
    const Json request = {{"msgid", 4}, {"name", "user"}, {"password", "secret-1"}};
    for (std::size_t cut = 1; cut <= header.size(); ++cut) {
      Json registration = request;
      registration["name"] = "user " + std::to_string(++number);
      RawClient client(server.proxy_port());
      client.send_raw(header.substr(0, cut));
      RawClient later(port());
      expect_alive(later);  // whoever accepted it has seen the first part
      client.send_raw(header.substr(cut) + client.framed(registration));
      const Json reply = client.receive();
      expect_ok(reply, 5);
      EXPECT_TRUE(log_says("event=registered user=" + std::to_string(reply.value("id", 0)) +
                           " peer=203.0.113.7:40000"))
          << cut;
    }
  }
}

TEST_F(Proxy, EveryFramingWorksBehindAHeader) {
  RawClient binary(server.proxy_port(), Wire::kBinary);
  binary.send_raw(text_header(kClient));
  expect_alive(binary);
  RawClient half_closing = connect_as(kClient);
  half_closing.send({{"msgid", 21}});
  half_closing.half_close();
  expect_ok(half_closing.receive(), 121);
  EXPECT_TRUE(half_closing.receive_to_end().empty());
}

TEST_F(Proxy, UnknownAndLocalCountAsTheBalancersOwn) {
  for (const std::string& header :
       {std::string("PROXY UNKNOWN\r\n"), binary_header(0x20, 0x00, "")}) {
    RawClient client(server.proxy_port());
    client.send_raw(header);
    test::register_account(client, "user " + std::to_string(header.size()));
    EXPECT_TRUE(log_says(" peer=127.0.0.1:" + std::to_string(client.local_port())));
  }
}

TEST_F(Proxy, MissingOrMalformedHeaderClosesSilently) {
  const Json registration = {{"msgid", 4}, {"name", "alice"}, {"password", "secret-1"}};
  for (const std::string& header :
       {std::string(), std::string("PROXY TCP4 203.0.113.7\r\n"), std::string("PROXY UNKNOWN\n")}) {
    RawClient client(server.proxy_port());
    client.send_raw(header + client.framed(registration));
    EXPECT_TRUE(client.receive_to_end().empty());
  }
  EXPECT_TRUE(log_says("event=proxy_header_refused peer=127.0.0.1:"));
  EXPECT_EQ(server.storage().number("SELECT count(*) FROM user"), 0);
}

TEST_F(Proxy, LateHeaderCloses) {
  RawClient silent(server.proxy_port());
  RawClient slow(server.proxy_port());
  slow.send_raw("PROXY TCP4 203.0.");
  EXPECT_TRUE(silent.receive_to_end().empty());
  EXPECT_TRUE(slow.receive_to_end().empty());
  EXPECT_TRUE(log_says("reason=timeout"));
}

TEST_F(Proxy, SilentHealthCheckIsNotLogged) {
  for (int i = 0; i < 5; ++i) RawClient(server.proxy_port()).close();
  RawClient resetting(server.proxy_port());
  resetting.reset();
  // A later one is refused with the first line.
  RawClient wrong(server.proxy_port());
  wrong.send_raw("x");
  wrong.receive_to_end();
  EXPECT_TRUE(log_says("event=proxy_header_refused"));
  EXPECT_THAT(server.log(), Not(HasSubstr("reason=closed")));
  EXPECT_THAT(server.log(), HasSubstr("reason=malformed"));
}

TEST_F(Proxy, StopClosesConnectionsWithoutAHeader) {
  RawClient silent(server.proxy_port());
  RawClient client = connect_as(kClient);
  expect_alive(client);
  server.terminate();
  EXPECT_TRUE(silent.receive_to_end().empty());
  const std::vector<Json> frames = client.receive_to_end();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].at("msgid"), 204);
}

class RatesByClient : public Proxy {
 protected:
  RatesByClient() : Proxy({"limits.register_per_minute=3", "limits.login_failures_per_minute=3"}) {}
};

TEST_F(RatesByClient, TwoClientsHaveSeparateLimits) {
  for (const char* host : {kClient, kOther}) {
    for (int i = 0; i < 3; ++i) {
      RawClient client = connect_as(host);
      test::register_account(client, std::string(host) + " " + std::to_string(i));
    }
    RawClient client = connect_as(host);
    expect_refused(client, {{"msgid", 4}, {"name", "one more"}, {"password", "secret-1"}},
                   errors::kRateLimited);
  }
}

TEST_F(RatesByClient, LoginFailuresOfOneDoNotLockOutAnother) {
  const Account alice = register_account("alice");
  for (int i = 0; i < 3; ++i) {
    RawClient client = connect_as(kClient);
    expect_refused(client, login_request(alice, {{"password", "wrong!"}}), errors::kFailed);
  }
  RawClient same = connect_as(kClient);
  expect_refused(same, login_request(alice), errors::kRateLimited);
  RawClient other = connect_as(kOther);
  request_ok(other, login_request(alice));
}

TEST_F(RatesByClient, HeaderOnThePublicPortIsBadJsonAndChangesNothing) {
  // Three clients that claim three addresses all count against the real one.
  for (int i = 0; i < 4; ++i) {
    RawClient client(port());
    client.send_raw(text_header("203.0.113." + std::to_string(i)));
    expect_error(client.receive(), 100, errors::kBadJson);
    const Json registration = {
        {"msgid", 4}, {"name", "user " + std::to_string(i)}, {"password", "secret-1"}};
    if (i == 3) {
      expect_refused(client, registration, errors::kRateLimited);
      continue;
    }
    const Json reply = request_ok(client, registration);
    EXPECT_TRUE(log_says("event=registered user=" + reply.at("id").dump() +
                         " peer=127.0.0.1:" + std::to_string(client.local_port())));
  }
  EXPECT_THAT(server.log(), Not(HasSubstr("203.0.113.")));
}

TEST_F(RatesByClient, BinaryHeaderOnThePublicPortChangesNothing) {
  RawClient client(port());
  client.send_raw(binary_header_of_the_client() + "\n" +
                  R"({"msgid":4,"name":"alice","password":"secret-1"})" + "\n");
  EXPECT_TRUE(log_says(" peer=127.0.0.1:" + std::to_string(client.local_port())));
  EXPECT_THAT(server.log(), Not(HasSubstr(kClient)));
}

class ConnectionsOfOneClient : public Proxy {
 protected:
  ConnectionsOfOneClient() : Proxy({"limits.connections_per_address=3"}) {}
};

TEST_F(ConnectionsOfOneClient, AreCountedByTheHeadersAddress) {
  std::vector<RawClient> clients;
  for (const char* host : {kClient, kOther}) {
    for (int i = 0; i < 3; ++i) {
      clients.push_back(connect_as(host));
      expect_alive(clients.back());
    }
    RawClient extra = connect_as(host);
    const std::vector<Json> frames = extra.receive_to_end();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].value("reason", ""), "too_many_connections");
  }
  for (RawClient& client : clients) expect_alive(client);
  // One place becomes free, and only one.
  clients.erase(clients.begin());
  EXPECT_TRUE(wait_until([&] {
    clients.push_back(connect_as(kClient));
    clients.back().send({{"msgid", 21}});
    if (clients.back().receive().value("msgid", 0) == 121) return true;
    clients.pop_back();
    return false;
  }));
  RawClient extra = connect_as(kClient);
  EXPECT_EQ(extra.receive().value("reason", ""), "too_many_connections");
}

class ConnectionsInAll : public Proxy {
 protected:
  ConnectionsInAll() : Proxy({"limits.connections=4"}) {}
  // Whether a connection to the public port is served; the reason is noted where it is not.
  bool served() {
    RawClient client(port());
    client.send({{"msgid", 21}});
    const Json frame = client.receive();
    reason = frame.value("reason", "");
    return frame.value("msgid", 0) == 121;
  }
  std::string reason;
};

TEST_F(ConnectionsInAll, IncludeThoseWithoutAHeader) {
  std::vector<RawClient> waiting;
  for (int i = 0; i < 4; ++i) waiting.emplace_back(server.proxy_port());
  EXPECT_TRUE(wait_until([&] { return !served(); }));
  EXPECT_EQ(reason, "server_full");
  RawClient extra(server.proxy_port());
  EXPECT_EQ(extra.receive().value("reason", ""), "server_full");
  // A header takes no second place, and closing frees the place.
  waiting[0].send_raw(text_header(kClient));
  expect_alive(waiting[0]);
  EXPECT_FALSE(served());
  waiting.pop_back();
  EXPECT_TRUE(wait_until([&] { return served(); }));
}

}  // namespace
}  // namespace chat::test

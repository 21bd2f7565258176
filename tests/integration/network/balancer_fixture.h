#pragma once

#include <string>
#include <utility>

#include "integration/server_fixture.h"
#include "support/proxies/proxy_header_bytes.h"

// Fixture for tests with clients behind a balancer.
namespace chat::test {

// A server with a listener for balancers, where the PROXY header names the client.
class BehindABalancer : public WithServer {
 protected:
  explicit BehindABalancer(Settings settings = {})
      : WithServer(with_listener(std::move(settings))) {}

  RawClient connect_as(const std::string& host) {
    RawClient client(server.proxy_port());
    client.send_raw(text_header(host));
    return client;
  }

 private:
  static Settings with_listener(Settings settings) {
    settings.push_back("server.proxy_listen=127.0.0.1:0");
    return settings;
  }
};

}  // namespace chat::test

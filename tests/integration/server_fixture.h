#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "support/clients/expect.h"
#include "support/clients/user.h"
#include "support/processes/server_process.h"

// The fixtures of this suite.
namespace chat::test {

// A separate server per test.
class WithServer : public ::testing::Test {
 protected:
  explicit WithServer(Settings settings = {}) : server(std::move(settings)) {}

  std::uint16_t port() const { return server.port(); }
  Account register_account(const std::string& name) { return test::register_account(port(), name); }
  User log_in(const Account& account, Wire wire = Wire::kText, const Json& more = Json::object()) {
    return test::log_in(port(), account, wire, more);
  }
  User new_user(const std::string& name, Wire wire = Wire::kText,
                const Json& more = Json::object()) {
    return test::new_user(port(), name, wire, more);
  }

  ServerProcess server;
};

// The same, run in text and in binary framing.
class InBothFramings : public WithServer, public ::testing::WithParamInterface<Wire> {
 protected:
  using WithServer::WithServer;
  RawClient connect() { return RawClient(port(), GetParam()); }
  User log_in(const Account& account, const Json& more = Json::object()) {
    return WithServer::log_in(account, GetParam(), more);
  }
  User new_user(const std::string& name, const Json& more = Json::object()) {
    return WithServer::new_user(name, GetParam(), more);
  }
};

inline std::string wire_name(const ::testing::TestParamInfo<Wire>& info) {
  return to_string(info.param);
}

}  // namespace chat::test

// For every fixture that derives from InBothFramings.
#define CHAT_RUN_IN_BOTH_FRAMINGS(fixture)                                       \
  INSTANTIATE_TEST_SUITE_P(                                                      \
      Framings, fixture,                                                         \
      ::testing::Values(::chat::test::Wire::kText, ::chat::test::Wire::kBinary), \
      ::chat::test::wire_name)

#include "client/terminal/client_options.h"

#include <gtest/gtest.h>

#include <vector>

namespace chat::client {
namespace {

ClientOptions parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "chatclient");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(ClientOptions, HaveDefaults) {
  const ClientOptions options = parse({});
  EXPECT_FALSE(options.leave);
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.port, 6000);
}

TEST(ClientOptions, TakeHostAndPortAsTheOriginalClientsDid) {
  const ClientOptions options = parse({"chat.example.org", "7000"});
  EXPECT_FALSE(options.leave);
  EXPECT_EQ(options.host, "chat.example.org");
  EXPECT_EQ(options.port, 7000);
}

TEST(ClientOptions, LeaveWithUsageForMistakes) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(parse({"--port", "0"}).leave, 2);
  EXPECT_EQ(parse({"--port", "65536"}).leave, 2);
  EXPECT_EQ(parse({"--nonsense"}).leave, 2);
  EXPECT_EQ(parse({"--password-file", "/nowhere"}).leave, 2);
  EXPECT_EQ(parse({"--user", ""}).leave, 2);
  testing::internal::GetCapturedStderr();
}

TEST(ClientOptions, TlsChecksCertificatesByDefault) {
  const ClientOptions plain = parse({"--port", "6000"});
  EXPECT_FALSE(plain.tls);
  const ClientOptions options = parse({"--tls"});
  EXPECT_FALSE(options.leave);
  EXPECT_TRUE(options.tls);
  EXPECT_FALSE(options.tls_options.insecure);
  EXPECT_EQ(options.tls_options.ca_file, "");
  EXPECT_EQ(options.tls_options.name, "");
}

TEST(ClientOptions, TlsTrustIsConfigurable) {
  const ClientOptions options =
      parse({"--tls-name", "chat.example.org", "--ca", "/dev/null", "--tls"});
  EXPECT_FALSE(options.leave);
  EXPECT_EQ(options.tls_options.ca_file, "/dev/null");
  EXPECT_EQ(options.tls_options.name, "chat.example.org");
  for (const char* name : {"chat.example.org.", "localhost", "::1", "192.0.2.1", "xn--9ca.org"}) {
    EXPECT_FALSE(parse({"--tls", "--tls-name", name}).leave) << name;
  }
  const ClientOptions insecure = parse({"--tls", "--insecure", "--tls-name", "x"});
  EXPECT_FALSE(insecure.leave);
  EXPECT_TRUE(insecure.tls_options.insecure);
}

TEST(ClientOptions, TlsOptionsRequireTls) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(parse({"--ca", "/dev/null"}).leave, 2);
  EXPECT_EQ(parse({"--insecure"}).leave, 2);
  EXPECT_EQ(parse({"--tls-name", "x"}).leave, 2);
  EXPECT_EQ(parse({"--tls", "--insecure", "--ca", "/dev/null"}).leave, 2);
  EXPECT_EQ(parse({"--tls", "--ca", "/nowhere"}).leave, 2);
  for (const char* name : {"", ".", ".example.org", "*.example.org", "a..b", "a.example.org..",
                           "chat example", "-a.org", "é.org", "fe80::zz"}) {
    EXPECT_EQ(parse({"--tls", "--tls-name", name}).leave, 2) << name;
  }
  testing::internal::GetCapturedStderr();
}

TEST(ClientOptions, HelpAndVersionLeaveWithZero) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(parse({"--version"}).leave, 0);
  EXPECT_EQ(parse({"--help"}).leave, 0);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_NE(out.find("Exit codes"), std::string::npos);
}

}  // namespace
}  // namespace chat::client

// TLS end to end: the terminal client, nginx with conf/nginx-tls.conf, a certificate of
// scripts/certificate.sh, and a real server.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "integration/server_fixture.h"
#include "support/processes/free_port.h"
#include "support/processes/nginx_server.h"
#include "support/processes/terminal_program.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Strings = std::vector<std::string>;

constexpr int kCannotConnect = 3;
constexpr const char* kFaketime = "/usr/bin/faketime";
constexpr const char* kOpenssl = "/usr/bin/openssl";

Strings operator+(Strings left, const Strings& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

RunResult run_certificate_script(const std::filesystem::path& folder, const Strings& more = {},
                                 const Strings& prefix = {}) {
  const auto script = std::filesystem::path(std::getenv("CHAT_SOURCE_ROOT")) / "scripts";
  return run_to_end(prefix +
                    Strings{(script / "certificate.sh").string(), "--dir", folder.string()} + more);
}

// The client port of the only connection to `port`.
std::optional<unsigned> port_of_the_client_of(unsigned port) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::optional<unsigned> found;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state;
    fields >> number >> local >> remote >> state;
    if (state != "01" || std::stoul(remote.substr(remote.find(':') + 1), nullptr, 16) != port) {
      continue;
    }
    EXPECT_FALSE(found) << "more than one client";
    found = static_cast<unsigned>(std::stoul(local.substr(local.find(':') + 1), nullptr, 16));
  }
  return found;
}

RunResult run_client(unsigned port, const Strings& more) {
  return run_to_end(Strings{std::getenv("CHATCLIENT"), "--port", std::to_string(port)} + more);
}

// Expects a refusal before any data, with this sentence.
void expect_refused(const RunResult& result, const std::string& why) {
  EXPECT_EQ(result.exit_code, kCannotConnect);
  EXPECT_THAT(result.output, HasSubstr("cannot connect to "));
  EXPECT_THAT(result.output, HasSubstr(why));
  EXPECT_THAT(result.output, Not(HasSubstr("connected host")));
}

class Tls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Input is empty, so the programs end once connected.
    const base::UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::dup2(nothing.get(), STDIN_FILENO), STDIN_FILENO);
  }
  void SetUp() override {
    if (const std::string why = NginxServer::missing(); !why.empty()) GTEST_SKIP() << why;
    if (::access(kOpenssl, X_OK) != 0) GTEST_SKIP() << "there is no openssl: install it";
  }

  std::filesystem::path certificate(const std::string& folder, const Strings& more = {},
                                    const Strings& prefix = {}) {
    const RunResult made = run_certificate_script(dir.path() / folder, more, prefix);
    EXPECT_EQ(made.exit_code, 0) << made.errors;
    return dir.path() / folder;
  }

  // nginx with the certificate in that folder, in front of a chat server.
  void start(const std::filesystem::path& folder) {
    server = std::make_unique<ServerProcess>(Settings{"server.proxy_listen=127.0.0.1:0"});
    nginx = std::make_unique<NginxServer>(std::vector<std::uint16_t>{server->proxy_port()}, folder);
  }

  static Strings with_ca(const std::filesystem::path& folder) {
    return {"--tls", "--ca", folder / "ca.crt"};
  }

  TempDir dir;
  std::unique_ptr<ServerProcess> server;
  std::unique_ptr<NginxServer> nginx;
};

class TlsPeople : public Tls {
 protected:
  void SetUp() override {
    Tls::SetUp();
    if (IsSkipped()) return;
    folder = certificate("tls");
    start(folder);
  }

  std::unique_ptr<TerminalProgram> registered(const std::string& name) {
    auto user = std::make_unique<TerminalProgram>(
        Strings{std::getenv("CHATCLIENT"), "--host", "localhost", "--port",
                std::to_string(nginx->port()), "--no-color", "--marks", "lines"} +
        with_ca(folder));
    EXPECT_TRUE(user->wait_for("Connected to localhost port " + std::to_string(nginx->port()) +
                               ", encrypted (TLSv1.3)."));
    user->type_line("/register " + name + " " + "secret-of-" + name);
    EXPECT_TRUE(user->wait_for("Registered " + name));
    EXPECT_TRUE(user->wait_for("Logged in as " + name));
    return user;
  }

  std::filesystem::path folder;
};

TEST_F(TlsPeople, ChatAndTheServerKnowsTheirAddresses) {
  const auto alice = registered("alice");
  const auto port = port_of_the_client_of(nginx->port());
  ASSERT_TRUE(port);
  const std::string login = "event=login user=1 peer=127.0.0.1:" + std::to_string(*port);
  EXPECT_TRUE(wait_until([&] { return server->log().find(login) != std::string::npos; }));

  const auto bob = registered("bob");
  alice->type_line("/chat 2 hello bob");
  ASSERT_TRUE(bob->wait_for("alice: hello bob\r\n"));
  bob->type_line("/chat 1 hello alice, 你好");
  ASSERT_TRUE(alice->wait_for("bob: hello alice, 你好\r\n"));
  bob->type_line("/quit");
  EXPECT_EQ(bob->wait_exit(), 0);
}

// Both directions at once, by two threads of each client, with replies of several TLS records.
TEST_F(TlsPeople, ChatInBothDirectionsAndReadALongHistory) {
  constexpr int kTexts = 300;
  const std::string client = std::string(std::getenv("CHATCLIENT")) + " --port " +
                             std::to_string(nginx->port()) + " --tls --ca " +
                             (folder / "ca.crt").string();
  const auto input = [&](const std::string& name, const std::string& other) {
    std::ofstream file(dir.path() / name);
    file << "/login " << name << " secret-of-it\n";
    for (int i = 0; i < kTexts; ++i) {
      file << "/chat " << other << ' ' << std::string(900, 'x') << i << ".\n";
    }
    file << "/wait-messages " << kTexts << " 60\n/history " << other << " 50\n";
  };
  input("alice", "2");
  input("bob", "1");
  std::ofstream(dir.path() / "names")
      << "/register alice secret-of-it\n/register bob secret-of-it\n";
  const RunResult done =
      run_to_end({"/bin/sh", "-c",
                  "cd " + dir.path().string() + " && " + client + " <names && { " + client +
                      " <alice >alice.out & " + client + " <bob >bob.out & wait; }"},
                 milliseconds{60'000});
  EXPECT_EQ(done.exit_code, 0) << done.output;
  for (const char* name : {"alice.out", "bob.out"}) {
    const std::string said = read_file(dir.path() / name);
    EXPECT_THAT(said, HasSubstr("history to=")) << said.substr(0, 500);
    EXPECT_THAT(said, HasSubstr("count=50"));
    EXPECT_THAT(said, Not(HasSubstr("disconnected")));
    for (int i = 0; i < kTexts; ++i) {
      EXPECT_THAT(said, HasSubstr("x" + std::to_string(i) + ".\"\n")) << name;
    }
  }
}

TEST_F(TlsPeople, ResumeByTokenAfterALostConnection) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  nginx->kill9();
  for (TerminalProgram* user : {alice.get(), bob.get()}) {
    ASSERT_TRUE(user->wait_for("Connection lost: "));
  }
  alice->type_line("/chat 2 written without a connection");
  ASSERT_TRUE(alice->wait_for("will be sent after reconnecting"));
  nginx->start();
  for (TerminalProgram* user : {alice.get(), bob.get()}) {
    ASSERT_TRUE(user->wait_for("Connected again as ", milliseconds{40'000}));
  }
  ASSERT_TRUE(bob->wait_for("alice: written without a connection\r\n"));
  EXPECT_EQ(bob->count("written without a connection\r\n"), 1U);
}

TEST_F(TlsPeople, AreToldThatTheServerStops) {
  const auto alice = registered("alice");
  server->terminate();
  ASSERT_TRUE(alice->wait_for("Reconnecting in "));
}

TEST_F(Tls, ACertificateMustComeFromAKnownCa) {
  const auto folder = certificate("tls");
  start(folder);
  const RunResult good = run_client(nginx->port(), with_ca(folder));
  EXPECT_EQ(good.exit_code, 0) << good.output;
  EXPECT_THAT(good.output, HasSubstr(" tls=TLSv1.3\n"));
  EXPECT_EQ(good.errors, "");

  const std::string why = "the server's certificate is from an unknown CA";
  expect_refused(run_client(nginx->port(), with_ca(certificate("other"))), why);
  // The system's CAs have not signed it.
  expect_refused(run_client(nginx->port(), {"--tls"}), why);

  const RunResult no_ca = run_client(nginx->port(), {"--tls", "--ca", folder / "server.key"});
  EXPECT_EQ(no_ca.exit_code, 2);
  EXPECT_THAT(no_ca.errors, HasSubstr("the file contains no certificates in PEM format"));
}

TEST_F(Tls, ACertificateMustBeForTheHost) {
  const auto folder = certificate("tls", {"chat.example.org", "192.0.2.1"});
  start(folder);
  expect_refused(run_client(nginx->port(), with_ca(folder)),
                 "the server's certificate is not for 127.0.0.1 ");
  expect_refused(run_client(nginx->port(), with_ca(folder) + Strings{"--host", "localhost"}),
                 "the server's certificate is not for localhost ");
  expect_refused(run_client(nginx->port(), with_ca(folder) + Strings{"--tls-name", "192.0.2.2"}),
                 "the server's certificate is not for 192.0.2.2 ");
  for (const char* name : {"chat.example.org", "192.0.2.1"}) {
    const RunResult good = run_client(nginx->port(), with_ca(folder) + Strings{"--tls-name", name});
    EXPECT_EQ(good.exit_code, 0) << good.output;
  }
}

// A common name alone does not identify a host (RFC 9525, section 2).
TEST_F(Tls, ACertificateMustNameTheHostInItsAlternativeNames) {
  const std::string key = dir.path() / "cn.key";
  const std::string certificate = dir.path() / "cn.crt";
  const RunResult made = run_to_end({kOpenssl, "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                     "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                                     "/CN=localhost", "-keyout", key, "-out", certificate});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  const unsigned port = free_port();
  ChildProcess tls_server({kOpenssl, "s_server", "-quiet", "-accept",
                           "127.0.0.1:" + std::to_string(port), "-cert", certificate, "-key", key},
                          dir.path() / "stderr");
  RunResult result;
  wait_until([&] {
    result = run_client(port, {"--host", "localhost", "--tls", "--ca", certificate});
    return result.output.find("refused") == std::string::npos;
  });
  expect_refused(result, "the server's certificate is not for localhost ");
}

TEST_F(Tls, ACertificateMustBeValidNow) {
  if (::access(kFaketime, X_OK) != 0) GTEST_SKIP() << "there is no faketime: install it";
  const auto old = certificate("old", {"--days", "30"}, {kFaketime, "2020-01-01 00:00:00"});
  start(old);
  expect_refused(run_client(nginx->port(), with_ca(old)), "the server's certificate has expired");
  const auto early = certificate("early", {}, {kFaketime, "2090-01-01 00:00:00"});
  start(early);
  expect_refused(run_client(nginx->port(), with_ca(early)),
                 "the server's certificate is not valid yet");
}

TEST_F(Tls, InsecureAcceptsAnyCertificateAndWarns) {
  start(certificate("tls", {"chat.example.org"}));
  const RunResult result = run_client(nginx->port(), {"--tls", "--insecure"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr(" tls=TLSv1.3\n"));
  EXPECT_THAT(result.errors, HasSubstr("--insecure: the server's certificate is not checked"));
  EXPECT_THAT(result.errors, Not(HasSubstr("\x1b"))) << "colours are for terminals";
}

TEST_F(Tls, NginxRefusesVersionsBefore12) {
  const auto folder = certificate("tls");
  start(folder);
  const auto talk = [&](const char* version) {
    return run_to_end({kOpenssl, "s_client", version, "-cipher", "DEFAULT@SECLEVEL=0", "-CAfile",
                       folder / "ca.crt", "-verify_return_error", "-connect",
                       "127.0.0.1:" + std::to_string(nginx->port())});
  };
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const RunResult spoken = talk(version);
    EXPECT_EQ(spoken.exit_code, 0) << version << spoken.errors;
    EXPECT_THAT(spoken.output, HasSubstr("Verification: OK"));
  }
  for (const char* version : {"-tls1", "-tls1_1"}) {
    const RunResult refused = talk(version);
    EXPECT_NE(refused.exit_code, 0) << version;
    EXPECT_THAT(refused.errors, HasSubstr("alert protocol version"));
  }
}

TEST_F(Tls, AServerThatIsTooOldIsRefused) {
  const auto folder = certificate("tls");
  const unsigned port = free_port();
  ChildProcess old({kOpenssl, "s_server", "-www", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0",
                    "-accept", "127.0.0.1:" + std::to_string(port), "-cert", folder / "server.crt",
                    "-key", folder / "server.key"},
                   dir.path() / "stderr");
  RunResult result;
  wait_until([&] {
    result = run_client(port, with_ca(folder));
    return result.output.find("refused") == std::string::npos;
  });
  expect_refused(result, "the server speaks only versions of TLS that are too old");
}

TEST_F(Tls, PlainClientAtATlsPortGetsAHint) {
  start(certificate("tls"));
  const RunResult result = run_client(nginx->port(), {});
  expect_refused(result, "the connection must be encrypted (--tls)");
}

TEST_F(Tls, TlsClientAtAPlainPortGetsAHint) {
  const auto folder = certificate("tls");
  start(folder);
  expect_refused(run_client(server->port(), with_ca(folder)), "speaks no TLS");
}

TEST_F(Tls, TheConnectTimeoutBoundsTheHandshake) {
  const auto folder = certificate("tls");
  // The kernel accepts, but nothing answers.
  const base::UniqueFd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(silent.get(), any, size), 0);
  ASSERT_EQ(::listen(silent.get(), 1), 0);
  ASSERT_EQ(::getsockname(silent.get(), any, &size), 0);
  const auto begin = std::chrono::steady_clock::now();
  expect_refused(run_client(ntohs(address.sin_port), with_ca(folder)),
                 "the TLS handshake timed out");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds{4'900});
}

TEST_F(Tls, CertificateScriptOverwritesNothingAndKeepsKeysPrivate) {
  const auto folder = certificate("tls");
  const std::string key = read_file(folder / "server.key");
  for (const char* file : {"ca.key", "server.key"}) {
    struct stat status {};
    ASSERT_EQ(::stat((folder / file).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << file;
  }
  const RunResult refused = run_certificate_script(folder);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.errors, HasSubstr("--force"));
  EXPECT_EQ(read_file(folder / "server.key"), key);
  const RunResult forced = run_certificate_script(folder, {"--force"});
  EXPECT_EQ(forced.exit_code, 0) << forced.errors;
  EXPECT_THAT(forced.output, HasSubstr("for tests only"));
  EXPECT_NE(read_file(folder / "server.key"), key);
  for (const char* wrong : {"--days=0", "--nonsense", "no name"}) {
    EXPECT_EQ(run_certificate_script(dir.path() / "none", {wrong}).exit_code, 2) << wrong;
  }
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "none"));
}

}  // namespace
}  // namespace chat::test

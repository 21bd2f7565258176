#include "client/net/tls.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "client/core/client_session.h"
#include "client/net/server_connection.h"
#include "client/net/tls_reasons.h"
#include "fake_server.h"

namespace chat::client {
namespace {

using namespace std::chrono_literals;
using test::FakeServer;
using test::Peer;

std::unique_ptr<TlsContext> insecure() {
  auto made = TlsContext::make({.insecure = true});
  EXPECT_TRUE(made);
  return *std::move(made);
}

// The error of connecting to a server that runs `script`.
base::Error refusal(const std::function<void(Peer&)>& script, const TlsContext* tls) {
  FakeServer server(script);
  ClientSession session([](const Event&) {});
  const auto opened = session.open("127.0.0.1", server.port(), tls, 2s);
  EXPECT_FALSE(opened);
  return opened ? base::Error{} : opened.error();
}

TEST(Tls, ServerWithoutTlsIsReportedWhateverItSends) {
  const auto tls = insecure();
  for (const std::string_view words :
       {std::string_view("\0\0\0\x02{}", 6), std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n"),
        std::string_view("{\"msgid\":121,\"errno\":0}\n"), std::string_view("SSH-2.0-x\r\n")}) {
    const auto script = [&](Peer& peer) {
      peer.send_raw(words);
      // Closing with unread bytes would send a reset, which may overtake the output.
      while (peer.drop_some()) {
      }
    };
    const auto error = refusal(script, tls.get());
    EXPECT_EQ(error.code, ErrorCode::kUnavailable) << words;
    EXPECT_NE(error.message.find("speaks no TLS"), std::string::npos) << error.message;
  }
}

TEST(Tls, CloseDuringTheHandshakeIsReported) {
  const auto tls = insecure();
  const auto closed = refusal([](Peer& peer) { peer.drop_some(); }, tls.get());
  EXPECT_EQ(closed.code, ErrorCode::kUnavailable);
  EXPECT_NE(closed.message.find("closed the connection during the TLS handshake"),
            std::string::npos)
      << closed.message;
  const auto reset = refusal(
      [](Peer& peer) {
        peer.drop_some();
        peer.reset();
      },
      tls.get());
  EXPECT_EQ(reset.message, "Connection reset by peer");
}

TEST(Tls, SilentServerTimesOut) {
  const auto tls = insecure();
  const auto silent = refusal(
      [](Peer& peer) {
        while (peer.drop_some()) {
        }
      },
      tls.get());
  EXPECT_EQ(silent.code, ErrorCode::kTimeout);
  EXPECT_NE(silent.message.find("the TLS handshake timed out"), std::string::npos);
}

// The reactions of a TLS server to a plain client: an alert, or the end.
TEST(Tls, PlainClientAtATlsServerGetsAHint) {
  const std::string_view alert("\x15\x03\x01\x00\x02\x02\x46", 7);
  const auto told = refusal(
      [&](Peer& peer) {
        peer.next();
        peer.send_raw(alert);
      },
      nullptr);
  EXPECT_EQ(told.message, "the connection must be encrypted: use --tls");
  const auto ended = refusal([](Peer& peer) { peer.next(); }, nullptr);
  EXPECT_NE(ended.message.find("before it sent anything"), std::string::npos) << ended.message;
}

TEST(Tls, AFileWithoutCertificatesIsRefused) {
  const auto made = TlsContext::make({.ca_file = "/dev/null"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(made.error().message.find("--ca /dev/null: "), std::string::npos);
}

TEST(Tls, ReasonsAreSentences) {
  EXPECT_EQ(certificate_fault(X509_V_ERR_CERT_HAS_EXPIRED, "x"),
            "the server's certificate has expired");
  EXPECT_NE(certificate_fault(X509_V_ERR_IP_ADDRESS_MISMATCH, "192.0.2.1").find("for 192.0.2.1 "),
            std::string::npos);
  EXPECT_NE(certificate_fault(X509_V_ERR_CERT_REVOKED, "x").find("certificate revoked"),
            std::string::npos);
  const auto ssl_code = [](int reason) { return ERR_PACK(ERR_LIB_SSL, 0, reason); };
  EXPECT_NE(handshake_fault(ssl_code(SSL_R_UNSUPPORTED_PROTOCOL)).find("too old"),
            std::string::npos);
  EXPECT_EQ(handshake_fault(ssl_code(SSL_R_NO_CIPHERS_AVAILABLE)),
            "the TLS handshake failed: no ciphers available");
}

}  // namespace
}  // namespace chat::client

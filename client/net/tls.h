#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"
#include "client/net/transport.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // and SSL

namespace chat::client {

struct TlsOptions {
  std::string ca_file{};  // trusted CAs (PEM). Empty: the system's
  bool insecure = false;  // do not check the certificate
  std::string name{};     // the certificate's expected name; empty: the host
};

// True if a certificate can be issued for `name`: an IP address, or a DNS name of plain labels.
// Refuses names that OpenSSL interprets (a leading dot matches every subdomain), wildcards, empty
// labels, and non-ASCII names, which certificates contain as xn-- labels.
bool is_certifiable_name(const std::string& name);

// The client's TLS settings (1.2 or newer) and trust.
//
// A certificate must be from a trusted CA, currently valid, and name the host or address that the
// user connects to (as a subjectAltName: RFC 9525, section 2). With `insecure` it is not checked,
// which protects against eavesdroppers but not active attackers.
// Threading: immutable after start.
class TlsContext {
 public:
  // Reads the CAs; kInvalidArgument with a sentence if they are unusable.
  static Result<std::unique_ptr<TlsContext>> make(const TlsOptions& options);

  // Performs the handshake on a connected socket, which becomes non-blocking; blocks for at most
  // `timeout` (kTimeout). kUnavailable with a sentence if the server does not speak TLS or is not
  // trusted.
  Result<std::unique_ptr<Transport>> shake_hands(base::UniqueFd socket, const std::string& host,
                                                 std::chrono::milliseconds timeout) const;

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  using Handle = std::unique_ptr<ssl_ctx_st, Free>;

  TlsContext(Handle context, TlsOptions options);
  bool expect(ssl_st* ssl, const std::string& name) const;

  const Handle context_;
  const TlsOptions options_;
};

}  // namespace chat::client

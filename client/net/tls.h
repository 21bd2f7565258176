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
  std::string ca_file{};  // PEM; who signs servers' certificates. Empty: the system's CAs
  bool insecure = false;  // whoever answers is believed
  std::string name{};     // what the certificate must be for; empty: the host that is connected to
};

// Whether a certificate can be for `name`: an IP address, or a DNS name of plain labels. Refused
// are what OpenSSL gives a meaning of its own (a leading dot matches every subdomain), wildcards,
// empty labels, and names in letters beyond ASCII, which certificates carry as xn-- labels.
bool is_certifiable_name(const std::string& name);

// How this program speaks TLS (1.2 or newer) and whom it believes.
//
// A certificate must come from a known CA, be valid now, and name (as a subjectAltName: RFC 9525,
// section 2) the host or address that the user connects to; unless `insecure`, which keeps out
// eavesdroppers but not an active attacker.
// Threading: immutable after start.
class TlsContext {
 public:
  // Reads the CAs; kInvalidArgument with a sentence when they can't be used.
  static Result<std::unique_ptr<TlsContext>> make(const TlsOptions& options);

  // Shakes hands over a connected socket, which becomes non-blocking; blocks for at most
  // `timeout` (kTimeout). kUnavailable with a sentence: what answers there speaks no TLS, or is
  // not to be believed.
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

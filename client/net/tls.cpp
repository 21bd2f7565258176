#include "client/net/tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "chat/base/clock.h"
#include "client/core/text.h"
#include "client/net/tls_stream.h"

namespace chat::client {
namespace {

bool is_address(const std::string& name) {
  in6_addr any{};
  return ::inet_pton(AF_INET, name.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &any) == 1;
}

// The host as written in a certificate, without the scope of "fe80::1%eth0" or the dot of
// "chat.example.org.".
std::string certificate_name(std::string host) {
  const auto zone = host.find(':') == std::string::npos ? std::string::npos : host.find('%');
  if (zone != std::string::npos) host.resize(zone);
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  return host;
}

// 1 to 63 letters, digits, '-' and '_' (in use, though not in RFC 1123).
bool is_label(std::string_view label) {
  constexpr std::size_t kLabelMax = 63;
  return !label.empty() && label.size() <= kLabelMax && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

bool load_cas(SSL_CTX* context, const std::string& file) {
  if (file.empty()) return ::SSL_CTX_set_default_verify_paths(context) == 1;
  return ::SSL_CTX_load_verify_file(context, file.c_str()) == 1;
}

}  // namespace

bool is_certifiable_name(const std::string& text) {
  constexpr std::size_t kNameMax = 253;
  const std::string name = certificate_name(text);
  if (is_address(name)) return true;
  if (name.size() > kNameMax) return false;
  for (std::string_view rest = name;;) {
    const auto dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    rest.remove_prefix(dot + 1);
  }
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  ::SSL_CTX_free(context);
}

TlsContext::TlsContext(Handle context, TlsOptions options)
    : context_(std::move(context)), options_(std::move(options)) {}

Result<std::unique_ptr<TlsContext>> TlsContext::make(const TlsOptions& options) {
  Handle context(::SSL_CTX_new(::TLS_client_method()));
  if (!context || ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return fail(ErrorCode::kInternal, "OpenSSL cannot be initialised");
  }
  // Frames carry their length, so an end without TLS's close_notify cannot hide a truncation and is
  // treated like that of a plain connection.
  ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_verify(context.get(), options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       nullptr);
  if (!options.insecure && !load_cas(context.get(), options.ca_file)) {
    ::ERR_clear_error();
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("--ca {}: the file contains no certificates in PEM format", options.ca_file));
  }
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(context), options));
}

// Sets the expected name of the certificate, and the name sent to the server (SNI).
bool TlsContext::expect(ssl_st* ssl, const std::string& name) const {
  if (is_address(name)) {
    return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), name.c_str()) == 1;
  }
  // The subject's common name is ignored (RFC 9525, section 2).
  ::SSL_set_hostflags(ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return ::SSL_set1_host(ssl, name.c_str()) == 1 &&
         SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

Result<std::unique_ptr<Transport>> TlsContext::shake_hands(
    base::UniqueFd socket, const std::string& host, std::chrono::milliseconds timeout) const {
  const auto deadline = base::system_clock().now() + timeout;
  const std::string name = certificate_name(options_.name.empty() ? host : options_.name);
  if (!options_.insecure && !is_certifiable_name(name)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("no certificate can have the name '{}' (--tls-name sets another)",
                            harmless(name)));
  }
  auto stream = TlsStream::make(context_.get(), std::move(socket));
  if (!stream || !expect(stream->ssl(), name)) {
    ::ERR_clear_error();
    return fail(ErrorCode::kInvalidArgument, fmt::format("TLS cannot request {}", name));
  }
  if (auto shaken = stream->shake_hands(name, deadline); !shaken) return fail(shaken);
  return stream;
}

}  // namespace chat::client

#include "client/net/tls_reasons.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace chat::client {

std::string certificate_fault(long code, const std::string& name) {
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the server's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server's certificate is not valid yet (is this machine's clock right?)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("the server's certificate is not for {} (--tls-name NAME expects another)",
                         name);
    // The last two also occur for a CA with the name of a known one but another key.
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_AKID_SKID_MISMATCH:
      return "the server's certificate is from an unknown CA (--ca FILE names one)";
    default:
      return fmt::format("the server's certificate is not trusted: {}",
                         ::X509_verify_cert_error_string(code));
  }
}

std::string handshake_fault(unsigned long code) {
  if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    switch (ERR_GET_REASON(code)) {
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_HTTP_REQUEST:
      case SSL_R_PACKET_LENGTH_TOO_LONG:
      case SSL_R_RECORD_LENGTH_MISMATCH:
      case SSL_R_UNEXPECTED_MESSAGE: return "the server speaks no TLS: try without --tls";
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return "the server speaks only versions of TLS that are too old";
      default: break;
    }
  }
  return "the TLS handshake failed: " + tls_fault(code);
}

std::string tls_fault(unsigned long code) {
  const char* const text = ::ERR_reason_error_string(code);
  return text != nullptr ? text : fmt::format("TLS error {:x}", code);
}

}  // namespace chat::client

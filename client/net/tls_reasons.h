#pragma once

#include <string>

// What OpenSSL's codes mean to somebody who wants to chat.
namespace chat::client {

// Why a certificate is not to be believed; `code` of SSL_get_verify_result(), not X509_V_OK.
// `name` is what the certificate should have been for.
std::string certificate_fault(long code, const std::string& name);

// Why a handshake failed for another reason; `code` of ERR_peek_error().
std::string handshake_fault(unsigned long code);

// Any other error; `code` of ERR_peek_error().
std::string tls_fault(unsigned long code);

}  // namespace chat::client

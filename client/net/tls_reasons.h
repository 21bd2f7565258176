#pragma once

#include <string>

// Messages for users about OpenSSL's error codes.
namespace chat::client {

// Why a certificate is not trusted; `code` is from SSL_get_verify_result(), not X509_V_OK. `name`
// is the expected name.
std::string certificate_fault(long code, const std::string& name);

// Other reasons for a failed handshake; `code` is from ERR_peek_error().
std::string handshake_fault(unsigned long code);

// Any other error; `code` is from ERR_peek_error().
std::string tls_fault(unsigned long code);

}  // namespace chat::client

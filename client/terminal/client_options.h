#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/net/tls.h"

namespace chat::client {

// The parsed command line. Plain value.
struct ClientOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6000;
  std::string user;           // log in at the start; empty: don't
  std::string password_file;  // for `user`
  bool json = false;
  bool no_color = false;
  bool tls = false;
  TlsOptions tls_options;
  bool reconnect = false;  // after a lost connection; on a terminal always
  // After --help, --version or an error: the exit code; the text is already printed.
  std::optional<int> leave;
};

ClientOptions parse_options(int argc, const char* const* argv);

}  // namespace chat::client

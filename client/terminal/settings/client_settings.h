#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/net/tls.h"
#include "client/terminal/transcript/mark_style.h"

namespace chat::client {

enum class ColorWhen : std::uint8_t { kAuto, kAlways, kNever };
// When the bell of the terminal rings: at a direct message or a mention, if at all.
enum class Bell : std::uint8_t { kUnfocused, kAlways, kOff };

// The parsed command line and configuration. Plain value.
struct ClientOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6000;
  std::string user;           // log in at the start; empty: don't
  std::string password_file;  // for `user`
  bool json = false;
  ColorWhen color = ColorWhen::kAuto;
  bool tls = false;
  TlsOptions tls_options;
  bool reconnect = false;  // after a lost connection; on a terminal always
  // The rest is for terminals only.
  MarkStyle marks = MarkStyle::kQuiet;
  Bell bell = Bell::kUnfocused;
  bool keeps_history = true;  // typed lines, for the next run
  bool keeps_token = true;    // likewise, to log in without a password
  // After --help, --version or an error: the exit code; the text is already printed.
  std::optional<int> leave;
};

}  // namespace chat::client

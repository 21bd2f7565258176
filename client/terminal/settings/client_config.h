#pragma once

#include <string>

#include "chat/base/result.h"
#include "client/terminal/settings/client_settings.h"

// The settings of people who use the client on a terminal, from a file of `key = value` lines:
//
//   server = chat.example.org:8443
//   tls = on
//   user = alice
//   marks = quiet
namespace chat::client {

// $XDG_CONFIG_HOME/chat/client.conf, by default in ~/.config; empty without a home.
std::string config_path();

// Applies the file to `options`; no file is not an error. The error names the file and the line.
Result<void> read_config(const std::string& path, ClientOptions& options);

// Sets one key ("marks"); an error is a sentence without the key.
Result<void> set_option(const std::string& key, const std::string& value, ClientOptions& options);

// The keys with their values, for --help.
extern const char* const kConfigHelp;

}  // namespace chat::client

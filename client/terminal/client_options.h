#pragma once

#include "client/terminal/settings/client_settings.h"

namespace chat::client {

// `on_terminal`: people use it, so their configuration file is read first.
ClientOptions parse_options(int argc, const char* const* argv, bool on_terminal = false);

}  // namespace chat::client

#pragma once

#include <string>

#include "client/control/control_options.h"
#include "client/control/control_socket.h"

namespace chat::client::control {

// The result of a command for people; with the final line end, if not empty.
std::string to_text(const ControlOptions& options, const ControlJson& result);

// "alice (7)", from an object with name and id.
std::string named(const ControlJson& who);

}  // namespace chat::client::control

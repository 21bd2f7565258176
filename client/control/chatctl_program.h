#pragma once

namespace chat::client::control {

// The operator's tool: returns the exit code.
int run_chatctl(int argc, char** argv);

}  // namespace chat::client::control

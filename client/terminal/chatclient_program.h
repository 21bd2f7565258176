#pragma once

namespace chat::client {

// The terminal client: returns the exit code.
int run_chatclient(int argc, char** argv);

}  // namespace chat::client

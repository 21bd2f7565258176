#pragma once

namespace chat::server {

// The server: returns the exit code.
int run_chatserver(int argc, char** argv);

}  // namespace chat::server

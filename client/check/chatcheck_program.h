#pragma once

namespace chat::client::check {

// The load checker: returns the exit code.
int run_chatcheck(int argc, char** argv);

}  // namespace chat::client::check

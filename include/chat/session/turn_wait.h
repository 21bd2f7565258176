#pragma once

#include <chrono>

namespace chat::session {

// How long the strand's turn that runs on this thread waited for a worker; 0 outside of one.
std::chrono::milliseconds turn_wait();

}  // namespace chat::session

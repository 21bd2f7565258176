#pragma once

#include <cstdint>

namespace chat::test {

// A free port of 127.0.0.1, for programs that cannot choose one or must keep it across restarts.
// Outside the kernel's ephemeral range, so that nobody else gets it while the program is down.
// Never returns the same port twice in a process.
std::uint16_t free_port();

}  // namespace chat::test

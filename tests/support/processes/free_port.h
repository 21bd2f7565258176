#pragma once

#include <cstdint>

namespace chat::test {

// A port of 127.0.0.1 that nobody has at present, for programs that can't be asked to choose one or
// must have the same one when they are started again. Not one that the kernel gives to clients and
// to listeners on port 0: while the program is dead nobody else may get it. Never the same one
// twice in a process.
std::uint16_t free_port();

}  // namespace chat::test

#pragma once

#include <cstdint>

namespace chat::test {

// What the random choices of this test program begin with: $CHAT_TEST_SEED, or a new one. It is
// printed when it is first asked for, so that a run can be repeated.
std::uint64_t test_seed();

}  // namespace chat::test

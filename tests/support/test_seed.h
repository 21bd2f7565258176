#pragma once

#include <cstdint>

namespace chat::test {

// The seed of this program's random choices: $CHAT_TEST_SEED, or a new one. Printed on first use,
// so that a run can be repeated.
std::uint64_t test_seed();

}  // namespace chat::test

#include "test_seed.h"

#include <cstdlib>
#include <iostream>
#include <random>

namespace chat::test {

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("CHAT_TEST_SEED");
    const std::uint64_t chosen =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    std::cout << "CHAT_TEST_SEED=" << chosen << '\n' << std::flush;
    return chosen;
  }();
  return seed;
}

}  // namespace chat::test

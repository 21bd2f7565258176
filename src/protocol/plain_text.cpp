#include "plain_text.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace chat::protocol {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

// Not 0 if one of the eight bytes is below `limit`, which is at most 0x80.
constexpr std::uint64_t any_below(std::uint64_t eight, std::uint8_t limit) {
  return (eight - kOnes * limit) & ~eight & kHighBits;
}

constexpr std::uint64_t any_is(std::uint64_t eight, std::uint8_t byte) {
  return any_below(eight ^ (kOnes * byte), 1);
}

bool any_special(std::uint64_t eight) {
  return (any_below(eight, 0x20) | any_is(eight, '"') | any_is(eight, '\\') | any_is(eight, 0x7F) |
          any_is(eight, 0xE2)) != 0;
}

constexpr std::array<bool, 256> kSpecial = [] {
  std::array<bool, 256> special{};
  for (std::size_t c = 0; c < 0x20; ++c) special[c] = true;
  for (const unsigned c : {0x22U, 0x5CU, 0x7FU, 0xE2U}) special[c] = true;
  return special;
}();

bool is_special(char byte) {
  return kSpecial[static_cast<unsigned char>(byte)];
}

}  // namespace

std::size_t find_special(std::string_view text, std::size_t at) {
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if (any_special(eight)) break;
  }
  while (at < text.size() && !is_special(text[at])) ++at;
  return at;
}

}  // namespace chat::protocol

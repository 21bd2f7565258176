#include "protocol/codec/plain_text.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace chat::protocol {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
constexpr std::uint64_t kEachHighBit = 0x8080808080808080ULL;

// Nonzero if one of the eight bytes is below `limit`, which is at most 0x80.
constexpr std::uint64_t any_below(std::uint64_t eight, std::uint8_t limit) {
  return (eight - kOnes * limit) & ~eight & kEachHighBit;
}

constexpr std::uint64_t any_is(std::uint64_t eight, std::uint8_t byte) {
  return any_below(eight ^ (kOnes * byte), 1);
}

bool any_special(std::uint64_t eight) {
  const std::uint64_t ascii =
      any_below(eight, 0x20) | any_is(eight, '"') | any_is(eight, '\\') | any_is(eight, 0x7F);
  if ((eight & kEachHighBit) == 0) return ascii != 0;
  return (ascii | any_is(eight, 0xC2) | any_is(eight, 0xD8) | any_is(eight, 0xE2)) != 0;
}

constexpr std::array<bool, 256> kSpecial = [] {
  std::array<bool, 256> special{};
  for (std::size_t c = 0; c < 0x20; ++c) special[c] = true;
  for (const unsigned c : {0x22U, 0x5CU, 0x7FU, 0xC2U, 0xD8U, 0xE2U}) special[c] = true;
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

Obeyed obeyed_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0;
  };
  const auto lead = static_cast<unsigned>(byte(0));
  const auto second = static_cast<unsigned>(byte(1));
  if (lead == 0xC2 && second >= 0x80 && second <= 0x9F) {
    return {static_cast<std::uint16_t>(second), 2};
  }
  if (lead == 0xD8 && second == 0x9C) return {0x061C, 2};
  if (lead != 0xE2 || (second != 0x80 && second != 0x81)) return {};
  const auto last = static_cast<unsigned>(byte(2));
  if ((last & 0xC0U) != 0x80U) return {};
  const auto c = static_cast<std::uint16_t>(0x2000U | (second & 0x3FU) << 6 | (last & 0x3FU));
  const bool obeyed =
      c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return obeyed ? Obeyed{c, 3} : Obeyed{};
}

void append_unicode_escape(std::string& out, std::uint16_t code_point) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) {
    out.push_back(kDigits[static_cast<std::size_t>(code_point >> shift & 0xF)]);
  }
}

}  // namespace chat::protocol

#include "chat/protocol/utf8.h"

#include <cstdint>
#include <cstring>

#include "chat/base/unicode.h"

namespace chat::protocol {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// The first byte from `at` on that is not ASCII: eight at a time, since most frames have none.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
  while (at + sizeof(std::uint64_t) <= text.size()) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & kHighBits) != 0) break;
    at += sizeof eight;
  }
  while (at < text.size() && byte_at(text, at) < 0x80) ++at;
  return at;
}

// The length of a sequence and the range of its second byte, by its first byte: Unicode's
// table 3-7, which is RFC 3629 §4. The narrow ranges keep out overlong forms (E0, F0),
// surrogates (ED) and what lies above U+10FFFF (F4).
struct Form {
  std::size_t size = 0;  // 0: not a first byte
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

Form form_of(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

// The size of the valid multi-byte sequence at `at`, or 0.
std::size_t sequence_size(std::string_view bytes, std::size_t at) {
  const Form form = form_of(byte_at(bytes, at));
  if (form.size == 0 || bytes.size() - at < form.size) return 0;
  const unsigned char second = byte_at(bytes, at + 1);
  if (second < form.second_min || second > form.second_max) return 0;
  for (std::size_t i = 2; i < form.size; ++i) {
    if ((byte_at(bytes, at + i) & 0xC0) != 0x80) return 0;
  }
  return form.size;
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view bytes) noexcept {
  std::size_t at = skip_ascii(bytes, 0);
  while (at < bytes.size()) {
    const std::size_t size = sequence_size(bytes, at);
    if (size == 0) break;
    at += size;
    if (at < bytes.size() && byte_at(bytes, at) < 0x80) at = skip_ascii(bytes, at);
  }
  return at;
}

bool is_valid_utf8(std::string_view bytes) noexcept {
  return valid_utf8_prefix(bytes) == bytes.size();
}

std::size_t count_code_points(std::string_view utf8) noexcept {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

bool has_control_characters(std::string_view utf8) noexcept {
  for (std::size_t at = 0; at < utf8.size();) {
    const base::CodePoint character = base::code_point_at(utf8, at);
    if (base::is_control(character.value)) return true;
    at += character.size;
  }
  return false;
}

bool has_outer_space(std::string_view utf8) noexcept {
  if (utf8.empty()) return false;
  std::size_t last = utf8.size() - 1;
  while (last > 0 && (byte_at(utf8, last) & 0xC0) == 0x80) --last;
  return base::is_blank(base::code_point_at(utf8, 0).value) ||
         base::is_blank(base::code_point_at(utf8, last).value);
}

}  // namespace chat::protocol

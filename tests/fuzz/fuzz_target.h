#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// What a fuzzer and its replay have in common: one input goes in, and a broken promise ends the
// process by CHAT_CHECK or by a sanitizer. The name and the signature are libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace chat::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace chat::fuzz

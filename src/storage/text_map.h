#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace chat::storage {

// A map keyed by text that can be searched by a string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

template <typename T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

}  // namespace chat::storage

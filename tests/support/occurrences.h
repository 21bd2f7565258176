#pragma once

#include <string_view>

namespace chat::test {

// How often `words` occurs in `text`, for counting log lines.
inline int occurrences(std::string_view text, std::string_view words) {
  int count = 0;
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace chat::test

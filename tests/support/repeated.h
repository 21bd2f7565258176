#pragma once

#include <string>
#include <string_view>

namespace chat::test {

inline std::string repeated(std::string_view unit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += unit;
  return text;
}

}  // namespace chat::test

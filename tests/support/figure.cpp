#include "support/figure.h"

#include <iostream>

namespace chat::test {

void figure(std::string_view name, milliseconds value) {
  figure(name, value.count(), "ms");
}

void figure(std::string_view name, std::int64_t value, std::string_view unit) {
  std::cout << "figure: " << name << " = " << value << (unit.empty() ? "" : " ") << unit << '\n'
            << std::flush;
}

}  // namespace chat::test

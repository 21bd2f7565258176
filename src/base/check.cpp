#include "chat/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace chat::base {

void check_failed(const char* expression, const char* file, int line,
                  const char* function) noexcept {
  (void)std::fprintf(stderr, "check failed: %s at %s:%d in %s\n", expression, file, line, function);
  (void)std::fflush(stderr);
  std::abort();
}

}  // namespace chat::base

#include "chat/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace chat::base {

void check_failed(const char* expression, std::source_location where) noexcept {
  std::fprintf(stderr, "check failed: %s at %s:%u in %s\n", expression, where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name());
  std::fflush(stderr);
  std::abort();
}

}  // namespace chat::base

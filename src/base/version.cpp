#include "chat/base/version.h"

namespace chat::base {

std::string_view version() noexcept {
  return CHAT_VERSION;
}

}  // namespace chat::base

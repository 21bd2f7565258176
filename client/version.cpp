#include "client/version.h"

namespace chat::client {

std::string_view version() {
  return CHAT_VERSION;
}

}  // namespace chat::client

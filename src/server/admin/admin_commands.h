#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/service/moderation.h"

namespace chat::server {

// Carries out the commands of operators. Threading: as Moderation; blocks.
class AdminCommands {
 public:
  explicit AdminCommands(service::Moderation& moderation) : moderation_(moderation) {}

  // The reply to one line, sent by a process of the user `uid`.
  std::string answer(std::string_view line, std::uint32_t uid);

 private:
  service::Moderation& moderation_;
};

}  // namespace chat::server

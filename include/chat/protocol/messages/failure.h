#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "chat/protocol/messages/field.h"

namespace chat::protocol::messages {

// What a reply to a refused request carries instead of its fields (PROTOCOL.md, section 7). Every
// reply has the first field; 0 means success.
struct Failure {
  std::int64_t code = 0;
  std::string_view error{};
  std::string_view errmsg{};
  std::optional<std::int64_t> retry_after_ms{};
  static constexpr auto fields() {
    return field_list(field("errno", &Failure::code), lenient_field("error", &Failure::error),
                      lenient_field("errmsg", &Failure::errmsg),
                      field("retry_after_ms", &Failure::retry_after_ms));
  }
};

}  // namespace chat::protocol::messages

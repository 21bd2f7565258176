#pragma once

#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "server/config/config_keys.h"

namespace chat::server {

// Checks `text` against `key`. The error says what is allowed; the caller adds key, value and
// origin.
Result<Value> parse_value(const Key& key, std::string_view text);

// "must be a whole number from 1 to 64": from the table, for error messages.
std::string allowed_values(const Key& key);

}  // namespace chat::server

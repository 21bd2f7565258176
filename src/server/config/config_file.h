#pragma once

#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "server/config/config_settings.h"

namespace chat::server {

// Reads the ini file at `path` into `settings`. Refuses, with file and line, anything that is not
// `[section]`, `key = value` or a comment; keys outside a section; duplicate keys; unknown sections
// and keys; and bad values. Reports the first mistake.
Result<void> load_ini_file(const std::string& path, Settings& settings);

// The same for a text; `name` replaces the file name in errors.
Result<void> load_ini_text(std::string_view text, const std::string& name, Settings& settings);

}  // namespace chat::server

#pragma once

#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "server/config/config_settings.h"

namespace chat::server {

// Puts every key of the ini file at `path` into `settings`. Refuses, by file and line: what is
// not `[section]`, `key = value` or a comment; keys outside a section; a key given twice;
// unknown sections and keys, and bad values. The first mistake of the file is the one reported.
Result<void> load_ini_file(const std::string& path, Settings& settings);

// The same for text at hand; `name` stands for the file in errors.
Result<void> load_ini_text(std::string_view text, const std::string& name, Settings& settings);

}  // namespace chat::server

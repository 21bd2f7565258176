#pragma once

#include <string>
#include <string_view>

namespace chat::storage {

// The key under which a name is unique: without invisible characters, ASCII letters in lower case.
std::string name_key(std::string_view name);

}  // namespace chat::storage

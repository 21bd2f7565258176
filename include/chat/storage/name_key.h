#pragma once

#include <string>
#include <string_view>

namespace chat::storage {

// The key under which a name is unique: without invisible characters, ASCII letters in lower case.
std::string name_key(std::string_view name);

// The key under which a name or nick is searched: name_key() with the case of all letters folded.
// The key of a prefix is a prefix of the key.
std::string search_key(std::string_view name);

}  // namespace chat::storage

#pragma once

#include <string_view>

namespace chat::base {

// True if `utf8`, which must be valid, is in Unicode Normalization Form C. Of several canonically
// equivalent texts, which look the same, exactly one is.
bool is_composed(std::string_view utf8);

}  // namespace chat::base

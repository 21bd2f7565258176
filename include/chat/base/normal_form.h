#pragma once

#include <string_view>

namespace chat::base {

// Whether valid UTF-8 is in Unicode's Normalization Form C: of texts that are canonically
// equivalent, and so look the same, exactly one is.
bool is_composed(std::string_view utf8);

}  // namespace chat::base

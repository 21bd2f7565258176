#pragma once

#include <string>
#include <string_view>

namespace chat::base {

// Folds letter case by Unicode's simple case folding (CaseFolding.txt, statuses C and S). Each code
// point is replaced by one code point, so the folding of a prefix is a prefix of the folding.
// Precondition: `utf8` is valid.
std::string fold_case(std::string_view utf8);

}  // namespace chat::base

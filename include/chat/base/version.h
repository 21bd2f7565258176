#pragma once

#include <string_view>

namespace chat::base {

// Of the project, as meson.build names it.
std::string_view version() noexcept;

}  // namespace chat::base

#pragma once

#include <string_view>

namespace chat::base {

// The project's version, from meson.build.
std::string_view version() noexcept;

}  // namespace chat::base

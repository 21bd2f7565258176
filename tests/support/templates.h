#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace chat::test {

// A file or folder that takes long to make and is cheap to copy, in $CHAT_TEST_TEMPLATES. The first
// program that needs it calls `make` with the path to make it at, while others wait; it is renamed
// into place when complete. Returns its path, or nothing if there is no folder for templates.
std::filesystem::path find_template(const std::string& name,
                                    const std::function<void(const std::filesystem::path&)>& make);

}  // namespace chat::test

#pragma once

#include <string>

#include "chat/base/result.h"

// Reading files that hold passwords, and checking their permissions. Blocks on the disk. Threading:
// functions without state.
namespace chat::server {

// Refuses a file that anyone but its owner may read or write. Call it for a configuration file that
// holds a password.
Result<void> check_private(const std::string& path);

// The first line of a file that holds only a secret; empty if the file is. Refused if others may
// read it, or a group may write it. A group may read a file of root, because systemd passes
// credentials this way (0440), as do administrators (root:chat 0640): root has chosen the group.
Result<std::string> read_secret(const std::string& path);

}  // namespace chat::server

#pragma once

#include <string>

#include "chat/base/result.h"

// Files that hold passwords: who else may read them, and what is in them. Blocks on the disk.
// Threading: functions without state.
namespace chat::server {

// Refuses a configuration file that anybody but its owner may read or write. To be asked for one
// that holds a password.
Result<void> check_private(const std::string& path);

// The first line of a file that holds nothing but a secret; empty where the file is. Refused where
// others may read it, or a group may write it. A group may read what belongs to root, because so
// does systemd hand credentials over (0440), and so do administrators hand out secrets (root:chat
// 0640): root has chosen the group.
Result<std::string> read_secret(const std::string& path);

}  // namespace chat::server

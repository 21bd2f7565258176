#pragma once

#include <string>

namespace chat::server {

// One thing that a server needs from its machine, and whether it is as it must be.
struct Finding {
  bool fine = true;
  std::string text;
};

}  // namespace chat::server

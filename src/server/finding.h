#pragma once

#include <string>

namespace chat::server {

// A requirement of the server, and whether it is met.
struct Finding {
  bool fine = true;
  std::string text;
};

}  // namespace chat::server

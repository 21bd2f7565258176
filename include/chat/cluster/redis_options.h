#pragma once

#include <cstdint>
#include <string>

namespace chat::cluster {

// Where Redis is, and as whom a node speaks to it.
struct RedisOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string socket;    // where not empty, it is used instead of host and port
  std::string password;  // empty: no AUTH
  unsigned db = 0;
  // In every channel and key, so that several clusters can share one Redis: its channels are the
  // same in all databases.
  std::string cluster;
  // Tells our own messages from the others': unlike that of any other process on this Redis. One
  // line.
  std::string node;
};

}  // namespace chat::cluster

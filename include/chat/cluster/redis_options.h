#pragma once

#include <cstdint>
#include <string>

namespace chat::cluster {

// How a node connects to Redis.
struct RedisOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string socket;    // if set, used instead of host and port
  std::string password;  // empty: no AUTH
  unsigned db = 0;
  // Part of every channel and key, so that several clusters can share one Redis, whose channels
  // span all its databases.
  std::string cluster;
  // Identifies our own messages; unique among the processes on this Redis. No line breaks.
  std::string node;
};

}  // namespace chat::cluster

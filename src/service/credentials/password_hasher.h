#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "chat/base/result.h"

namespace chat::service {

// argon2id by libsodium. Hashing takes tens of milliseconds and `memory_kib` of memory: call it
// on the hash lane only.
// Threading: thread-safe after open().
class PasswordHasher {
 public:
  PasswordHasher(std::size_t memory_kib, std::uint64_t ops) : memory_kib_(memory_kib), ops_(ops) {}

  // Starts the library and makes the hash that stands in for unknown accounts. Blocks.
  Result<void> open();
  // kUnavailable when there is no memory for it.
  Result<std::string> hash(const std::string& password) const;
  // Whether it is the right one. An empty `stored` stands for an unknown account: takes the same
  // time and is never right. kUnavailable when there is no memory to tell.
  Result<bool> verify(const std::string& stored, const std::string& password) const;
  // Whether a hash made now would cost more than this one did.
  bool is_weaker(const std::string& stored) const;

 private:
  const std::size_t memory_kib_;
  const std::uint64_t ops_;
  std::string nobody_;
};

}  // namespace chat::service

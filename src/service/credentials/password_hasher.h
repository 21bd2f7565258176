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

  // Initialises the library and makes the hash used for unknown accounts. Blocks.
  Result<void> open();
  // kUnavailable when out of memory.
  Result<std::string> hash(const std::string& password) const;
  // True if the password is right. An empty `stored` means an unknown account: takes the same time
  // and is never right. kUnavailable when out of memory.
  Result<bool> verify(const std::string& stored, const std::string& password) const;
  // True if `stored` was made with cheaper parameters than the current ones.
  bool is_weaker(const std::string& stored) const;

 private:
  const std::size_t memory_kib_;
  const std::uint64_t ops_;
  std::string nobody_;
};

}  // namespace chat::service

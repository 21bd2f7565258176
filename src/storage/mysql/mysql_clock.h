#pragma once

#include <mysql.h>

#include <cstdint>
#include <optional>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/result.h"

namespace chat::storage {

// The server's clock, compared with ours, so that a statement can say until when it holds: one that
// is held up on its way is then refused by the server itself. A clock of the server that is set
// back meanwhile extends that by as much; one that is set forward refuses until the next look.
// Threading: externally synchronised, with the connection.
class MysqlClock {
 public:
  // Reads the server's clock unless that was done lately. False: the call failed. Blocks.
  bool look(MYSQL* db);
  // Call after a refusal, which may be due to a clock that was set.
  void forget() { look_.reset(); }
  // The earliest time that the server's clock may show at `at` (Clock::boot_now()), as text. Call
  // after look().
  std::string earliest_at(base::SteadyTime at) const;

 private:
  struct Look {
    std::int64_t micros = 0;    // since 1970, by the server
    base::SteadyTime asked;     // before its clock was read
    base::SteadyTime answered;  // after it was read
  };
  std::optional<Look> look_;
};

}  // namespace chat::storage

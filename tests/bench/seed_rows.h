#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"

// The rows in a benchmark's database. They follow from the numbers in the plan:
//
// - users 1 … N, named bench1 … benchN, all with one password (and so one stored hash);
// - tokens: user i logs in with i as 64 hexadecimal digits, with zeroes in front;
// - friends: user i lists i+1 … i+F, beginning again after N;
// - groups 1 … G, named group1 …; group g has the users (g-1)·S+1 … g·S, the first made it;
// - a log of old direct messages, all delivered: every user has one stream, from its neighbour
//   (1 ↔ 2, 3 ↔ 4 …), and all streams are equally long.
namespace chat::bench {

inline constexpr const char* kSeedPassword = "benchmark";

struct SeedPlan {
  std::int64_t users = 0;
  std::int64_t friends = 0;
  std::int64_t groups = 0;
  std::int64_t group_size = 0;
  std::int64_t log_rows = 0;
};

// Empty, or a sentence that says why these numbers are inconsistent.
std::string problem_of(const SeedPlan& plan);

// The token of user `id`, as the client sends it.
std::string token_of(std::int64_t id);

// Called with what is being filled and how much of it is done.
using SeedProgress = std::function<void(const std::string& what, std::int64_t done)>;

// Fills the tables of a database whose schema is up to date, in large transactions. `now` is the
// time of everything that has one. kInvalidArgument when there are users already; after any other
// error the database is half full and of no use. Blocks.
Result<void> seed(storage::Connection& connection, const SeedPlan& plan,
                  const std::string& password_hash, UnixMillis now, const SeedProgress& progress);

}  // namespace chat::bench

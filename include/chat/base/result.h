#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace chat::base {

// The kinds of failure that callers tell apart.
enum class ErrorCode {
  kInvalidArgument,  // a given value (configuration, path, SQL) is wrong
  kConflict,         // a unique key or another constraint refuses the row
  kBusy,             // locked, or a queue or pool is exhausted: worth a retry
  kTimeout,          // a deadline passed
  kUnavailable,      // the database, disk or peer is unavailable
  kOutcomeUnknown,   // the answer to COMMIT was lost: it may or may not have taken effect
  kInternal,         // anything else
};

// An error: `code` for the program, `message` for people. Hundreds of functions pass one on, and
// none is fast when it fails: so errors are made, copied and destroyed out of line, which keeps
// those functions small.
struct Error {
  Error() noexcept;
  Error(ErrorCode what, std::string text) noexcept;
  Error(const Error& other);
  Error(Error&& other) noexcept;
  Error& operator=(const Error& other);
  Error& operator=(Error&& other) noexcept;
  ~Error();

  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

// Returned by every fallible call. "Not found" is an empty optional inside it, not an error.
template <typename T>
using Result = tl::expected<T, Error>;

tl::unexpected<Error> fail(ErrorCode code, std::string_view message);
tl::unexpected<Error> fail(const Error& other);

// Passes on another call's error: `if (!r) return fail(r);`
template <typename T>
tl::unexpected<Error> fail(const Result<T>& other) {
  return fail(other.error());
}

inline std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kBusy: return "busy";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kOutcomeUnknown: return "outcome_unknown";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

}  // namespace chat::base

namespace chat {
using base::Error;
using base::ErrorCode;
using base::fail;
using base::Result;
}  // namespace chat

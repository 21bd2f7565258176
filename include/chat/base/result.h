#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace chat::base {

// What went wrong in the environment, as far as a caller may want to act on it.
enum class ErrorCode {
  kInvalidArgument,  // a value that was handed in (configuration, path, SQL) is wrong
  kConflict,         // a unique key or another constraint refuses the row
  kBusy,             // locked, or a queue or pool is exhausted: worth a retry
  kTimeout,          // a deadline passed
  kUnavailable,      // the database, disk or peer is not there now
  kOutcomeUnknown,   // the connection died during COMMIT: stored or not, nobody knows
  kInternal,         // anything else
};

// An error for people (message) and for code (code). Plain value, freely copied.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

// Every fallible call returns one. "Not found" is an optional inside it, not an error.
template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::make_unexpected(Error{code, std::move(message)});
}

// Passes another call's error on: `if (!r) return fail(r);`
template <typename T>
tl::unexpected<Error> fail(const Result<T>& other) {
  return tl::make_unexpected(other.error());
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

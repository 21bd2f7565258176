#pragma once

#include <optional>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <variant>

#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "service/dispatch/replies.h"

// The reason why a handler's write transaction had no effect: a database error, or a refusal
// decided inside the transaction.
namespace chat::service {

// Made out of line, like Error.
struct Fault : std::variant<Error, protocol::Refusal> {
  Fault(Error error) noexcept;                // NOLINT(google-explicit-constructor)
  Fault(protocol::Refusal refusal) noexcept;  // NOLINT(google-explicit-constructor)
  Fault(const Fault& other);
  Fault(Fault&& other) noexcept;
  Fault& operator=(const Fault& other);
  Fault& operator=(Fault&& other) noexcept;
  ~Fault();
};

template <typename T>
using Outcome = tl::expected<T, Fault>;

tl::unexpected<Fault> refused(protocol::Errno code, std::string_view message);
tl::unexpected<Fault> failed(const Error& error);

template <typename T>
tl::unexpected<Fault> failed(const Result<T>& result) {
  return failed(result.error());
}

inline bool is_unknown(const Error& error) {
  return error.code == ErrorCode::kOutcomeUnknown;
}
bool is_unknown(const Fault& fault);

void refuse(session::Session& session, const RequestHead& request, const Fault& fault);

}  // namespace chat::service

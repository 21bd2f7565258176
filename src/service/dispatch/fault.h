#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <variant>

#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "service/dispatch/replies.h"

// The reason why a handler's write transaction had no effect: a database error, or a refusal
// decided inside the transaction.
namespace chat::service {

using Fault = std::variant<Error, protocol::Refusal>;
template <typename T>
using Outcome = tl::expected<T, Fault>;

inline tl::unexpected<Fault> refused(protocol::Errno code, std::string message) {
  return tl::make_unexpected(Fault(protocol::Refusal{code, std::move(message), std::nullopt}));
}

template <typename T>
tl::unexpected<Fault> failed(const Result<T>& result) {
  return tl::make_unexpected(Fault(result.error()));
}

inline bool is_unknown(const Error& error) {
  return error.code == ErrorCode::kOutcomeUnknown;
}
inline bool is_unknown(const Fault& fault) {
  const auto* error = std::get_if<Error>(&fault);
  return error != nullptr && is_unknown(*error);
}

inline void refuse(session::Session& session, const RequestHead& request, const Fault& fault) {
  std::visit([&](const auto& what) { refuse(session, request, what); }, fault);
}

}  // namespace chat::service

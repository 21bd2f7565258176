#include "service/operation/act_error.h"

namespace chat::service {

Error told_error(const Fault& fault) {
  if (const auto* refusal = std::get_if<protocol::Refusal>(&fault)) {
    return {ErrorCode::kInvalidArgument, refusal->message};
  }
  const Error& error = std::get<Error>(fault);
  if (!is_unknown(error)) return error;
  return {error.code,
          "the database did not confirm in time, so this may have been done or not: repeat the "
          "command (" +
              error.message + ")"};
}

}  // namespace chat::service

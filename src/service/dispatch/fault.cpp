#include "service/dispatch/fault.h"

namespace chat::service {

// cppcheck-suppress passedByValue
Fault::Fault(Error error) noexcept : variant(std::move(error)) {}
// cppcheck-suppress passedByValue
Fault::Fault(protocol::Refusal refusal) noexcept : variant(std::move(refusal)) {}
Fault::Fault(const Fault& other) = default;
Fault::Fault(Fault&& other) noexcept = default;
Fault& Fault::operator=(const Fault& other) = default;
Fault& Fault::operator=(Fault&& other) noexcept = default;
Fault::~Fault() = default;

tl::unexpected<Fault> refused(protocol::Errno code, std::string_view message) {
  return tl::make_unexpected(Fault(protocol::Refusal(code, std::string(message))));
}

tl::unexpected<Fault> failed(const Error& error) {
  return tl::make_unexpected(Fault(error));
}

bool is_unknown(const Fault& fault) {
  const auto* error = std::get_if<Error>(&fault);
  return error != nullptr && is_unknown(*error);
}

void refuse(session::Session& session, const RequestHead& request, const Fault& fault) {
  std::visit([&](const auto& what) { refuse(session, request, what); }, fault);
}

}  // namespace chat::service

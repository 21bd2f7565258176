#include "chat/base/result.h"

namespace chat::base {

Error::Error() noexcept = default;
Error::Error(ErrorCode what, std::string text) noexcept : code(what), message(std::move(text)) {}
Error::Error(const Error& other) = default;
Error::Error(Error&& other) noexcept = default;
Error& Error::operator=(const Error& other) = default;
Error& Error::operator=(Error&& other) noexcept = default;
Error::~Error() = default;

tl::unexpected<Error> fail(ErrorCode code, std::string_view message) {
  return tl::make_unexpected(Error(code, std::string(message)));
}

tl::unexpected<Error> fail(const Error& other) {
  return tl::make_unexpected(other);
}

}  // namespace chat::base

#include "chat/protocol/request.h"

#include <algorithm>

#include "chat/protocol/limits.h"

namespace chat::protocol {
namespace {

template <typename T>
const T* field_as(const Request& request, std::string_view name) noexcept {
  const Value* value = request.find(name);
  return value == nullptr ? nullptr : std::get_if<T>(value);
}

std::int32_t id_of(const Request& request, std::string_view name) noexcept {
  const std::int64_t number = request.integer(name);
  return number >= 1 && number <= kIdMax ? static_cast<std::int32_t>(number) : 0;
}

bool is_printable_ascii(char c) {
  return c >= 0x20 && c <= 0x7E;
}

}  // namespace

const Value* Request::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view Request::text(std::string_view name) const noexcept {
  const auto* text = field_as<std::string>(*this, name);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::int64_t Request::integer(std::string_view name) const noexcept {
  const auto* number = field_as<std::int64_t>(*this, name);
  return number == nullptr ? 0 : *number;
}

bool Request::flag(std::string_view name) const noexcept {
  const auto* flag = field_as<bool>(*this, name);
  return flag != nullptr && *flag;
}

UserId Request::user_id(std::string_view name) const noexcept {
  return {id_of(*this, name)};
}

GroupId Request::group_id(std::string_view name) const noexcept {
  return {id_of(*this, name)};
}

std::string_view Request::cid() const noexcept {
  const std::string_view cid = text("cid");
  const bool fits = !cid.empty() && cid.size() <= kCidMaxBytes;
  return fits && std::all_of(cid.begin(), cid.end(), is_printable_ascii) ? cid : "";
}

}  // namespace chat::protocol

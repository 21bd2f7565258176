#include "chat/protocol/request.h"

#include <algorithm>

#include "chat/protocol/limits.h"

namespace chat::protocol {
namespace {

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

Value* Request::find(std::string_view name) noexcept {
  for (auto& [key, value] : fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view Request::cid() const noexcept {
  const Value* value = find("cid");
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  if (text == nullptr) return "";
  const std::string_view cid = *text;
  const bool fits = !cid.empty() && cid.size() <= kCidMaxBytes;
  return fits && std::all_of(cid.begin(), cid.end(), is_printable_ascii) ? cid : "";
}

}  // namespace chat::protocol

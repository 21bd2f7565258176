#include "protocol/codec/plain_request.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "protocol/codec/plain_text.h"

namespace chat::protocol {
namespace {

// Requests with more fields are left to the parser.
constexpr std::size_t kPlainFieldsMax = 16;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The special bytes that may occur unescaped in a JSON text.
bool stands_in_text(char c) {
  return static_cast<unsigned char>(c) >= 0x7F;
}

class PlainReader {
 public:
  explicit PlainReader(std::string_view frame) : rest_(frame) {}

  std::optional<Request> read() {
    request_.fields.reserve(kUsualFields);
    if (!take('{')) return std::nullopt;
    do {
      if (!take_field()) return std::nullopt;
    } while (take(','));
    if (!take('}')) return std::nullopt;
    skip_space();
    if (!rest_.empty()) return std::nullopt;
    return std::move(request_);
  }

 private:
  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_field() {
    const auto name = take_text();
    if (!name || !take(':') || request_.fields.size() == kPlainFieldsMax) return false;
    if (std::as_const(request_).find(*name) != nullptr) return false;
    auto value = take_value();
    if (value) request_.fields.emplace_back(*name, std::move(*value));
    return value.has_value();
  }

  std::optional<Value> take_value() {
    skip_space();
    if (rest_.starts_with('"')) {
      const auto text = take_text();
      return text ? std::optional<Value>(std::string(*text)) : std::nullopt;
    }
    if (take_word("true")) return true;
    if (take_word("false")) return false;
    return take_integer();
  }

  // The next step checks what follows: only a comma or a brace may.
  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word.front()) || !rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<std::string_view> take_text() {
    if (!take('"')) return std::nullopt;
    std::size_t end = find_special(rest_, 0);
    while (end < rest_.size() && stands_in_text(rest_[end])) end = find_special(rest_, end + 1);
    if (end == rest_.size() || rest_[end] != '"') return std::nullopt;
    const std::string_view text(rest_.data(), end);
    rest_.remove_prefix(text.size() + 1);
    return text;
  }

  std::optional<Value> take_integer() {
    const bool leading_zero =
        rest_.size() > 1 && rest_[0] == '0' && rest_[1] >= '0' && rest_[1] <= '9';
    if (leading_zero || rest_.starts_with('-')) return std::nullopt;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return number;
  }

  std::string_view rest_;
  Request request_;
};

}  // namespace

std::optional<Request> read_plain(std::string_view frame) {
  return PlainReader(frame).read();
}

}  // namespace chat::protocol

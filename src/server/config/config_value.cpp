#include "server/config/config_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace chat::server {
namespace {

// Digits only: no sign, no blanks, nothing after the number.
std::optional<std::int64_t> parse_digits(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || text.front() == '-') return std::nullopt;
  return number;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-:[]").find(c) != std::string_view::npos;
}

// True if the value can be written in an ini file, so that the output of --check can be read again.
// Secrets are never printed.
bool fits_ini(std::string_view text) {
  if (text.empty()) return true;
  return !is_blank(text.front()) && !is_blank(text.back()) && text.front() != ';' &&
         text.find(" ;") == std::string_view::npos;
}

Result<Value> refuse(const Key& key) {
  return fail(ErrorCode::kInvalidArgument, allowed_values(key));
}

Result<Value> parse_integer(const Key& key, std::string_view text) {
  const auto number = parse_digits(text);
  if (!number) return refuse(key);
  const bool in_range = *number >= key.min && *number <= key.max;
  if (!in_range && !(key.zero_is_off && *number == 0)) return refuse(key);
  return Value{.text = std::to_string(*number), .number = *number, .address = {}};
}

Result<Value> parse_text(const Key& key, std::string_view text) {
  const auto length = static_cast<std::int64_t>(text.size());
  if (length < key.min || length > key.max) return refuse(key);
  if (std::any_of(text.begin(), text.end(), is_control)) return refuse(key);
  if (!key.secret() && !fits_ini(text)) return refuse(key);
  if (key.type == KeyType::kName && !std::all_of(text.begin(), text.end(), is_name_char)) {
    return refuse(key);
  }
  return Value{.text = std::string(text), .number = 0, .address = {}};
}

Result<Value> parse_choice(const Key& key, std::string_view text) {
  std::string_view rest = key.choices;
  for (std::int64_t place = 0;; ++place) {
    const auto bar = rest.find('|');
    if (text == rest.substr(0, bar)) {
      return Value{.text = std::string(text), .number = place, .address = {}};
    }
    if (bar == std::string_view::npos) return refuse(key);
    rest.remove_prefix(bar + 1);
  }
}

Result<Value> parse_address_value(const Key& key, std::string_view text) {
  if (text.empty() && key.type == KeyType::kOptionalAddress) return Value{};
  const auto address = net::Address::parse(text);
  if (!address) return refuse(key);
  return Value{.text = address->to_string(), .number = 0, .address = *address};
}

std::string allowed_text(const Key& key) {
  const std::string_view kind =
      key.type == KeyType::kName ? "letters, digits and ._-:[]" : "text without control characters";
  const std::string length = key.min == 0 ? fmt::format("at most {} bytes", key.max)
                                          : fmt::format("{} to {} bytes", key.min, key.max);
  const std::string_view ends =
      key.secret() || key.type == KeyType::kName ? "" : ", without blanks at its ends or \" ;\"";
  return fmt::format("must be {} of {}{}", length, kind, ends);
}

}  // namespace

Result<Value> parse_value(const Key& key, std::string_view text) {
  switch (key.type) {
    case KeyType::kInteger: return parse_integer(key, text);
    case KeyType::kText:
    case KeyType::kName: return parse_text(key, text);
    case KeyType::kChoice: return parse_choice(key, text);
    case KeyType::kAddress:
    case KeyType::kOptionalAddress: return parse_address_value(key, text);
  }
  return refuse(key);
}

std::string allowed_values(const Key& key) {
  switch (key.type) {
    case KeyType::kInteger:
      return fmt::format("must be a whole number from {} to {}{}", key.min, key.max,
                         key.zero_is_off ? ", or 0 for off" : "");
    case KeyType::kText:
    case KeyType::kName: return allowed_text(key);
    case KeyType::kChoice: {
      std::string list(key.choices);
      for (auto bar = list.find('|'); bar != std::string::npos; bar = list.find('|')) {
        list.replace(bar, 1, ", ");
      }
      return "must be one of " + list;
    }
    case KeyType::kAddress:
    case KeyType::kOptionalAddress:
      return fmt::format(
          "must be{} a numeric address and a port from 0 to 65535, such as "
          "127.0.0.1:6000 or [::1]:6000",
          key.type == KeyType::kOptionalAddress ? " empty or" : "");
  }
  return {};
}

}  // namespace chat::server

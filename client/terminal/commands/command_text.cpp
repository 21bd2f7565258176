#include "client/terminal/commands/command_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "chat/protocol/limits.h"
#include "chat/protocol/utf8.h"

namespace chat::client {
namespace {

template <typename Ref>
tl::expected<Ref, std::string> to_ref(const TypedName& typed) {
  std::string_view text = typed.text;
  if (text.empty()) return tl::make_unexpected("a name or an ID is missing");
  const bool marked = !typed.quoted && text.starts_with('#') && is_digits(text.substr(1));
  if (marked) text.remove_prefix(1);
  if (typed.quoted || !is_digits(text)) return Ref{{}, std::string(text)};
  const auto number = parse_number(text);
  if (!number) {
    return tl::make_unexpected(fmt::format("an ID is a number from 1 to {}", protocol::kIdMax));
  }
  return Ref{{*number}, {}};
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view taken = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return taken;
}

std::string_view take_word(std::string_view& rest) {
  rest = trim(rest);
  return take_until(rest, ' ');
}

TypedName take_name(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  if (rest.size() < 2 || rest.front() != '"' || rest.find('"', 1) == std::string_view::npos) {
    return {take_until(rest, ' '), false};
  }
  rest.remove_prefix(1);
  const std::string_view text = take_until(rest, '"');
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return {text, true};
}

std::string whole_text(std::string_view rest) {
  rest = trim(rest);
  const bool quoted = rest.size() > 1 && rest.front() == '"' && rest.back() == '"';
  return std::string(quoted ? rest.substr(1, rest.size() - 2) : rest);
}

std::string whole_name(std::string_view rest) {
  rest = trim(rest);
  std::string_view left = rest;
  const TypedName name = take_name(left);
  return std::string(left.empty() ? name.text : rest);
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::int32_t> parse_number(std::string_view text) {
  text = trim(text);
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) {
  constexpr double kDay = 86400;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || !(seconds >= 0 && seconds <= kDay)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  constexpr std::int32_t kMost = 1'000'000;
  if (text.empty()) return std::nullopt;
  const auto number = parse_number(text.substr(0, text.size() - 1));
  if (!number || *number > kMost) return std::nullopt;
  switch (text.back()) {
    case 's': return std::chrono::seconds(*number);
    case 'm': return std::chrono::minutes(*number);
    case 'h': return std::chrono::hours(*number);
    case 'd': return std::chrono::days(*number);
    default: return std::nullopt;
  }
}

tl::expected<UserRef, std::string> to_user(const TypedName& typed) {
  return to_ref<UserRef>(typed);
}

tl::expected<GroupRef, std::string> to_group(const TypedName& typed) {
  return to_ref<GroupRef>(typed);
}

tl::expected<UserRef, std::string> parse_account(std::string_view text) {
  if (!protocol::is_valid_utf8(text)) return tl::make_unexpected("the name is not valid UTF-8");
  const bool quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
  return to_user({quoted ? text.substr(1, text.size() - 2) : text, quoted});
}

}  // namespace chat::client

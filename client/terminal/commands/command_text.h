#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "client/core/contacts.h"

// The pieces of a typed line. The take_ functions remove what they return from the front of `rest`.
namespace chat::client {

std::string_view trim(std::string_view text);

// The text before `separator`, which is removed, too.
std::string_view take_until(std::string_view& rest, char separator);
std::string_view take_word(std::string_view& rest);

// A word, or a quoted text (without its marks; there are no escapes).
struct TypedName {
  std::string_view text;
  bool quoted = false;
};
TypedName take_name(std::string_view& rest);

// A text to the end of the line, quoted or not; "" is an empty one.
std::string whole_text(std::string_view rest);

// A name to the end of the line, quoted or not.
std::string whole_name(std::string_view rest);

bool is_digits(std::string_view text);

// A plain number, 1 or more.
std::optional<std::int32_t> parse_number(std::string_view text);
// Seconds with at most three decimals, up to a day.
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text);
// 30s, 10m, 2h, 3d.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

// Unquoted digits, also after a #, are an id; anything else is a name. The error is a sentence.
tl::expected<UserRef, std::string> to_user(const TypedName& typed);
tl::expected<GroupRef, std::string> to_group(const TypedName& typed);
// A whole text as a user, as --user has it: the quotation marks are not needed for blanks.
tl::expected<UserRef, std::string> parse_account(std::string_view text);

}  // namespace chat::client

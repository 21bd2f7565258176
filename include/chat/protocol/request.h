#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "chat/protocol/errors.h"
#include "chat/protocol/messages/field.h"

namespace chat::protocol {

// An object or array in a request. Of its items only plain integers are kept, because no request
// uses others; the rest is checked (depth, duplicate keys) and dropped. Those of an array have no
// names.
struct Nested {
  bool is_object = false;
  std::vector<std::pair<std::string, std::int64_t>> integers;
  std::size_t dropped = 0;  // items that were not kept
  friend bool operator==(const Nested&, const Nested&) = default;
};
// A top-level value of a request.
using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Nested>;
// Integers outside int64's range, and -0, become double, which no field accepts.

// A parsed request: an integer msgid and flat fields, in the order received. decode_request()
// converts it to its struct. Plain value, moved from the I/O thread to a worker.
class Request {
 public:
  int msgid = 0;
  std::vector<std::pair<std::string, Value>> fields;

  // nullptr if there is no such field.
  const Value* find(std::string_view name) const noexcept;
  Value* find(std::string_view name) noexcept;

  // The client's cid if it is well formed (1–36 printable ASCII characters), otherwise empty.
  std::string_view cid() const noexcept;
};

// Parses a frame. Refuses, never repairs: invalid UTF-8 (bad_utf8), anything that
// is not one JSON object, a BOM, NaN, a key twice in one object (bad_json), depth over
// kJsonMaxDepth (too_deep), a msgid that is missing or no plain integer (bad_field). A msgid
// outside int's range is stored as -1, so that it is refused as unknown_msgid later.
// Refusal.message gives the position of the error (in bytes, from 1) if known, and never repeats
// the input.
tl::expected<Request, Refusal> parse_request(std::string_view frame);

struct FieldSpec {
  std::string_view name;
  FieldKind kind;
  bool required;
};

// Refuses a missing or invalid field with bad_field; errmsg names the field and the rule. `value`
// is nullptr if the field is missing. null counts as present with the wrong type.
std::optional<Refusal> check_field(const Value* value, const FieldSpec& spec);
// For a required integer of an object.
Refusal missing_integer(std::string_view object, std::string_view name);
// The same for `cid`, which every request may have.
std::optional<Refusal> check_cid(const Request& request);

// The violated rule as a sentence for people ("name must be text of 1 to 50 characters"), or
// nothing if the value is valid. Used by registration for its errno 1.
std::optional<std::string> name_fault(std::string_view name);
std::optional<std::string> password_fault(std::string_view password);

}  // namespace chat::protocol

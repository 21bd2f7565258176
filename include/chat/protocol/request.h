#pragma once

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

// A value of a request's top level. Nothing on this wire uses nested ones: they are checked
// (depth, duplicate keys) and dropped, kNested stands for them.
struct Nested {
  friend bool operator==(const Nested&, const Nested&) = default;
};
using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Nested>;
// An integer outside int64's range, and -0, are kept as double: no field takes them.

// One parsed request: an integer msgid and flat fields, in the order they came. decode_request()
// makes a typed one of it.
// A plain value, moved from the I/O thread to a worker.
class Request {
 public:
  int msgid = 0;
  std::vector<std::pair<std::string, Value>> fields;

  // nullptr when there is no such field.
  const Value* find(std::string_view name) const noexcept;
  Value* find(std::string_view name) noexcept;

  // The client's cid when it is well formed (1–36 printable ASCII characters), else empty.
  std::string_view cid() const noexcept;
};

// Bytes of a frame → request. Refuses, never repairs: invalid UTF-8 (bad_utf8), anything that
// is not one JSON object, a BOM, NaN, a key twice in one object (bad_json), depth over
// kJsonMaxDepth (too_deep), a msgid that is missing or no plain integer (bad_field).
// An msgid that is an integer but outside int's range becomes unknown_msgid with the others:
// it is stored as -1. Refusal.message names the byte of the fault, counted from 1, where it is
// known, and never repeats the input.
tl::expected<Request, Refusal> parse_request(std::string_view frame);

struct FieldSpec {
  std::string_view name;
  FieldKind kind;
  bool required;
};

// A missing or broken field as bad_field; errmsg names the field and the rule. `value` is nullptr
// where the field is missing. null counts as present with the wrong type.
std::optional<Refusal> check_field(const Value* value, const FieldSpec& spec);
// The same for `cid`, which any request may have.
std::optional<Refusal> check_cid(const Request& request);

// The broken rule as a sentence for people ("name must be text of 1 to 50 characters"), or nothing
// when all rules are kept. Registration uses them for its errno 1.
std::optional<std::string> name_fault(std::string_view name);
std::optional<std::string> password_fault(std::string_view password);

}  // namespace chat::protocol

#include <string>

#include "chat/base/normal_form.h"
#include "chat/base/unicode.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/request.h"
#include "chat/protocol/utf8.h"

// The rules for fields, each as a text that follows the field's name: "must be …". The numbers come
// from limits.h, so that texts and checks cannot differ.

namespace chat::protocol {
namespace {

using Fault = std::optional<std::string>;

std::string range(std::size_t from, std::size_t to) {
  return std::to_string(from) + " to " + std::to_string(to);
}

Fault id_fault(const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number != nullptr && *number >= 1 && *number <= kIdMax) return std::nullopt;
  return "must be an integer from " + range(1, std::size_t{kIdMax});
}

Fault integer_fault(const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number != nullptr && *number >= 0) return std::nullopt;
  return "must be an integer, 0 or more";
}

Fault flag_fault(const Value& value) {
  if (std::holds_alternative<bool>(value)) return std::nullopt;
  return "must be true or false";
}

std::string length_rule(FieldKind kind) {
  switch (kind) {
    case FieldKind::kText: return "must be text of " + range(1, kTextMaxCodePoints) + " characters";
    case FieldKind::kName: return "must be text of " + range(1, kNameMaxCodePoints) + " characters";
    case FieldKind::kGroupDesc:
      return "must be text of " + range(0, kGroupDescMaxCodePoints) + " characters";
    default: return "must be text";
  }
}

bool has_length_for(std::string_view text, FieldKind kind) {
  const std::size_t count = count_code_points(text);
  switch (kind) {
    case FieldKind::kText: return count >= 1 && count <= kTextMaxCodePoints;
    case FieldKind::kName: return count >= 1 && count <= kNameMaxCodePoints;
    case FieldKind::kGroupDesc: return count <= kGroupDescMaxCodePoints;
    default: return true;
  }
}

Fault text_fault(std::string_view text, FieldKind kind) {
  if (!has_length_for(text, kind)) return length_rule(kind);
  const bool shown_as_name = kind == FieldKind::kName || kind == FieldKind::kGroupDesc;
  if (shown_as_name && has_control_characters(text)) return "must not have control characters";
  if (shown_as_name && base::has_invisible(text)) return "must not have invisible characters";
  if (kind == FieldKind::kName && has_outer_space(text)) {
    return "must not begin or end with a space";
  }
  if (kind == FieldKind::kName && !base::has_visible(text)) {
    return "must have a character that is shown";
  }
  if (kind == FieldKind::kName && !base::is_composed(text)) {
    return "must be in Unicode's composed form (NFC)";
  }
  return std::nullopt;
}

Fault string_fault(const Value& value, FieldKind kind) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? length_rule(kind) : text_fault(*text, kind);
}

Fault value_fault(const Value& value, FieldKind kind) {
  switch (kind) {
    case FieldKind::kId: return id_fault(value);
    case FieldKind::kInteger: return integer_fault(value);
    case FieldKind::kFlag: return flag_fault(value);
    default: return string_fault(value, kind);
  }
}

Refusal bad_field(std::string_view name, std::string_view rule) {
  return {Errno::kBadField, std::string(name).append(" ").append(rule), std::nullopt};
}

Fault sentence(std::string_view subject, const Fault& rule) {
  if (!rule) return std::nullopt;
  return std::string(subject).append(" ").append(*rule);
}

}  // namespace

std::optional<Refusal> check_field(const Value* value, const FieldSpec& spec) {
  if (value == nullptr) {
    if (!spec.required) return std::nullopt;
    return bad_field(spec.name, "is missing");
  }
  if (const Fault fault = value_fault(*value, spec.kind)) return bad_field(spec.name, *fault);
  return std::nullopt;
}

std::optional<Refusal> check_cid(const Request& request) {
  if (request.find("cid") == nullptr || !request.cid().empty()) return std::nullopt;
  return bad_field("cid", "must be " + range(1, kCidMaxBytes) + " printable ASCII characters");
}

std::optional<std::string> name_fault(std::string_view name) {
  return sentence("name", text_fault(name, FieldKind::kName));
}

std::optional<std::string> password_fault(std::string_view password) {
  if (password.size() >= kPasswordMinBytes && password.size() <= kPasswordMaxBytes) {
    return std::nullopt;
  }
  return "password must have " + range(kPasswordMinBytes, kPasswordMaxBytes) + " bytes";
}

}  // namespace chat::protocol

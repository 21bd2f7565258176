#include <limits>
#include <set>
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

Fault object_fault(const Value& value) {
  const auto* nested = std::get_if<Nested>(&value);
  if (nested != nullptr && nested->is_object) return std::nullopt;
  return "must be an object";
}

Fault ids_fault(const Value& value) {
  const auto* nested = std::get_if<Nested>(&value);
  const Fault fault = "must be an array of at most " + std::to_string(kMentionsMax) +
                      " different integers from " + range(1, std::size_t{kIdMax});
  if (nested == nullptr || nested->is_object || nested->dropped > 0) return fault;
  if (nested->integers.size() > kMentionsMax) return fault;
  std::set<std::int64_t> seen;
  for (const auto& [name, number] : nested->integers) {
    if (number < 1 || number > kIdMax || !seen.insert(number).second) return fault;
  }
  return std::nullopt;
}

// What a text may be.
struct TextRule {
  std::size_t shortest = 0;
  std::size_t longest = std::numeric_limits<std::size_t>::max();
  bool one_line = false;    // without control characters and invisible ones
  bool multi_line = false;  // the same, but LF is allowed
  bool is_name = false;     // if not empty: no space at the ends, visible, composed
};

TextRule rule_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::kText: return {.shortest = 1, .longest = kTextMaxCodePoints};
    case FieldKind::kName:
      return {.shortest = 1, .longest = kNameMaxCodePoints, .one_line = true, .is_name = true};
    case FieldKind::kNick:
      return {.longest = kNameMaxCodePoints, .one_line = true, .is_name = true};
    case FieldKind::kGroupDesc: return {.longest = kGroupDescMaxCodePoints, .one_line = true};
    case FieldKind::kRequestText: return {.longest = kRequestTextMaxCodePoints, .one_line = true};
    case FieldKind::kBio: return {.longest = kBioMaxCodePoints, .multi_line = true};
    case FieldKind::kAvatar: return {.longest = kAvatarMaxCodePoints, .one_line = true};
    case FieldKind::kAnnouncement:
      return {.longest = kAnnouncementMaxCodePoints, .multi_line = true};
    default: return {};
  }
}

std::string length_rule(const TextRule& rule) {
  if (rule.longest == TextRule().longest) return "must be text";
  return "must be text of " + range(rule.shortest, rule.longest) + " characters";
}

Fault name_form_fault(std::string_view text) {
  if (has_outer_space(text)) return "must not begin or end with a space";
  if (!base::has_visible(text)) return "must have a character that is shown";
  if (!base::is_composed(text)) return "must be in Unicode's composed form (NFC)";
  return std::nullopt;
}

bool has_controls_but_lf(std::string_view text) {
  std::string without(text);
  std::erase(without, '\n');
  return has_control_characters(without);
}

Fault text_fault(std::string_view text, FieldKind kind) {
  const TextRule rule = rule_of(kind);
  const std::size_t count = count_code_points(text);
  if (count < rule.shortest || count > rule.longest) return length_rule(rule);
  if (rule.one_line && has_control_characters(text)) return "must not have control characters";
  if (rule.one_line && base::has_invisible(text)) return "must not have invisible characters";
  if (rule.multi_line && has_controls_but_lf(text)) return "must not have control characters";
  if (rule.is_name && !text.empty()) return name_form_fault(text);
  return std::nullopt;
}

Fault string_fault(const Value& value, FieldKind kind) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? length_rule(rule_of(kind)) : text_fault(*text, kind);
}

Fault value_fault(const Value& value, FieldKind kind) {
  switch (kind) {
    case FieldKind::kId: return id_fault(value);
    case FieldKind::kInteger: return integer_fault(value);
    case FieldKind::kFlag: return flag_fault(value);
    case FieldKind::kIntegers: return object_fault(value);
    case FieldKind::kIds: return ids_fault(value);
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

Refusal missing_integer(std::string_view object, std::string_view name) {
  return bad_field(std::string(object).append(".").append(name), "must be an integer, 0 or more");
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

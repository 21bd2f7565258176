#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/protocol/request.h"
#include "chat/protocol/utf8.h"
#include "protocol/codec/plain_request.h"

// Frame → Request. Plain requests are read by read_plain(), all others by nlohmann's event
// interface: no tree is built, so nested values cost only the keys of the open objects and the
// integers of the outermost ones, and excessive depth stops the parser at the ninth level.
//
// Input that nlohmann accepts but is refused here: a BOM (it skips one), a raw NUL outside texts
// (it treats one as the end of the input, so that anything could follow), a duplicate key in an
// object (its tree keeps the last), and −0 as an integer.

namespace chat::protocol {
namespace {

using nlohmann::json;

// Up to this many keys are compared pairwise; more are sorted. A hash table would be faster for
// many, but std::hash is not keyed, so a client could choose keys that collide.
constexpr std::size_t kFewKeys = 16;

template <typename Item, typename NameOf>
bool has_duplicate(std::span<const Item> items, NameOf name_of) {
  if (items.size() <= kFewKeys) {
    for (std::size_t i = 1; i < items.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (name_of(items[i]) == name_of(items[j])) return true;
      }
    }
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(items.size());
  for (const Item& item : items) names.push_back(name_of(item));
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

Refusal refuse(Errno code, std::string message) {
  return {code, std::move(message), std::nullopt};
}

Refusal refuse_at(Errno code, const char* what, std::size_t byte) {
  return refuse(code, std::string(what) + " at byte " + std::to_string(byte));
}

// Receives the parser's events. Each returns false to stop the parser; refusal() then tells why.
class RequestBuilder {
 public:
  RequestBuilder(Request& request, std::size_t frame_size)
      : request_(request), frame_size_(frame_size) {
    request_.fields.reserve(kUsualFields);
  }

  bool is_object() const { return root_is_object_; }
  Refusal take_refusal() { return std::move(refusal_); }

  bool null() { return put(nullptr); }
  bool boolean(bool flag) { return put(flag); }
  bool string(std::string& text) { return put(std::move(text)); }
  bool binary(json::binary_t&) { return false; }  // cannot occur in JSON text
  bool number_float(double number, const std::string&) { return put(number); }

  // Called only for numbers with a minus sign, so 0 is -0, which is not a plain integer.
  bool number_integer(std::int64_t number) {
    if (number == 0) return put(-0.0);
    return put(number);
  }

  bool number_unsigned(std::uint64_t number) {
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return put(static_cast<double>(number));
    }
    return put(static_cast<std::int64_t>(number));
  }

  bool start_object(std::size_t) {
    if (depth_ == 0) root_is_object_ = true;
    if (!enter(true)) return false;
    first_key_[depth_] = nested_keys_.size();
    return true;
  }

  bool key(std::string& name) {
    if (in_root_object()) {
      if (request_.fields.size() == kFieldsMax) return stop(too_many(kFieldsMax, "fields"));
      request_.fields.emplace_back(std::move(name), nullptr);
    } else {
      nested_keys_.push_back(std::move(name));
    }
    return true;
  }

  bool end_object() {
    if (keys_repeat()) return stop(refuse(Errno::kBadJson, "an object has the same key twice"));
    nested_keys_.resize(first_key_[depth_]);
    --depth_;
    return true;
  }

  bool start_array(std::size_t) { return enter(false); }

  bool end_array() {
    --depth_;
    return true;
  }

  bool parse_error(std::size_t byte, const std::string&, const json::exception&) {
    if (byte > frame_size_) return stop(refuse(Errno::kBadJson, "the JSON ends too early"));
    return stop(refuse_at(Errno::kBadJson, "invalid JSON", byte));
  }

 private:
  bool in_root_object() const { return root_is_object_ && depth_ == 1; }

  // Drops values nested deeper, or outside the object.
  template <typename T>
  bool put(T value) {
    if (++values_ > kValuesMax) return stop(too_many(kValuesMax, "values"));
    if (in_root_object()) {
      request_.fields.back().second.emplace<T>(std::move(value));
    } else if (root_is_object_ && depth_ == 2) {
      keep_nested(value);
    }
    return true;
  }

  template <typename T>
  void keep_nested(const T& value) {
    auto& nested = std::get<Nested>(request_.fields.back().second);
    if constexpr (std::is_same_v<T, std::int64_t>) {
      nested.integers.emplace_back(nested.is_object ? nested_keys_.back() : std::string(), value);
    } else {
      ++nested.dropped;
    }
  }

  bool enter(bool is_object) {
    if (!put(Nested{is_object, {}, 0})) return false;
    if (depth_ == kDepthMax) {
      return stop(refuse(Errno::kTooDeep, "more than " + std::to_string(kDepthMax) +
                                              " levels of objects and arrays"));
    }
    ++depth_;
    return true;
  }

  bool keys_repeat() const {
    if (in_root_object()) {
      return has_duplicate(std::span(std::as_const(request_.fields)),
                           [](const auto& field) -> std::string_view { return field.first; });
    }
    return has_duplicate(std::span(nested_keys_).subspan(first_key_[depth_]),
                         [](const std::string& name) -> std::string_view { return name; });
  }

  static Refusal too_many(std::size_t most, const char* what) {
    return refuse(Errno::kBadField,
                  "a request may have at most " + std::to_string(most) + " " + what);
  }

  bool stop(Refusal refusal) {
    refusal_ = std::move(refusal);
    return false;
  }

  static constexpr std::size_t kDepthMax = kJsonMaxDepth;

  Request& request_;
  const std::size_t frame_size_;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
  bool root_is_object_ = false;
  std::vector<std::string> nested_keys_;  // of all open objects except the root, outermost first
  std::array<std::size_t, kDepthMax + 1> first_key_{};  // where the keys of each depth begin
  Refusal refusal_;
};

// The checks that need no parser.
std::optional<Refusal> check_bytes(std::string_view frame) {
  const std::size_t valid = valid_utf8_prefix(frame);
  if (valid < frame.size()) return refuse_at(Errno::kBadUtf8, "invalid UTF-8", valid + 1);
  if (frame.starts_with("\uFEFF")) return refuse(Errno::kBadJson, "a byte order mark at byte 1");
  const std::size_t nul = frame.find('\0');
  if (nul != std::string_view::npos) return refuse_at(Errno::kBadJson, "a NUL", nul + 1);
  return std::nullopt;
}

std::optional<Refusal> read_msgid(Request& request) {
  const Value* value = std::as_const(request).find("msgid");
  if (value == nullptr) return refuse(Errno::kBadField, "msgid is missing");
  const auto* number = std::get_if<std::int64_t>(value);
  if (number == nullptr) return refuse(Errno::kBadField, "msgid must be an integer");
  request.msgid = std::in_range<int>(*number) ? static_cast<int>(*number) : -1;
  return std::nullopt;
}

tl::expected<Request, Refusal> parse_any(std::string_view frame) {
  Request request;
  RequestBuilder builder(request, frame.size());
  if (!json::sax_parse(frame.begin(), frame.end(), &builder)) {
    return tl::make_unexpected(builder.take_refusal());
  }
  if (!builder.is_object()) {
    return tl::make_unexpected(refuse(Errno::kBadJson, "a request must be one JSON object"));
  }
  return request;
}

}  // namespace

tl::expected<Request, Refusal> parse_request(std::string_view frame) {
  if (auto refusal = check_bytes(frame)) return tl::make_unexpected(std::move(*refusal));
  auto plain = read_plain(frame);
  auto request = plain ? tl::expected<Request, Refusal>(std::move(*plain)) : parse_any(frame);
  if (!request) return request;
  if (auto refusal = read_msgid(*request)) return tl::make_unexpected(std::move(*refusal));
  return request;
}

}  // namespace chat::protocol

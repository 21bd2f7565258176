#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/field.h"

namespace chat::client {

template <typename T>
constexpr bool kMayLack = std::is_same_v<T, bool>;
template <typename T>
constexpr bool kMayLack<std::vector<T>> = true;

// Decodes messages by their field lists, and records the first field that violates the protocol, so
// that callers check once at the end. Missing lists are empty and missing flags false. Texts live
// as long as the JSON.
class MessageReader {
 public:
  template <typename Message>
  Message read(const nlohmann::json& object) {
    Message out;
    if (!object.is_object()) {
      break_at("an object");
      return out;
    }
    protocol::for_each_field<Message>(
        [&](const auto& field) { read_field(object, field, out.*field.member); });
    return out;
  }

  void break_at(std::string name) {
    if (broken_.empty()) broken_ = std::move(name);
  }
  // True if nothing is broken, including this.
  bool require(bool holds, std::string_view name) {
    if (!holds) break_at(std::string(name));
    return !broken();
  }

  bool broken() const { return !broken_.empty(); }
  const std::string& where() const { return broken_; }

 private:
  template <typename Message, typename Member>
  void read_field(const nlohmann::json& object, const protocol::Field<Message, Member>& field,
                  Member& out) {
    const auto found = object.find(field.name);
    if (found != object.end()) return read_value(*found, field.name, out);
    if (field.presence == protocol::Presence::kRequired && !kMayLack<Member>) {
      break_at(std::string(field.name));
    }
  }

  // nlohmann would convert 1.9, true and 2^63 to integers.
  static bool is_integer(const nlohmann::json& value) {
    const bool fits = !value.is_number_unsigned() ||
                      value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
    return value.is_number_integer() && fits;
  }

  void read_value(const nlohmann::json& value, std::string_view name, std::int64_t& out) {
    if (require(is_integer(value), name)) out = value.get<std::int64_t>();
  }
  template <typename Tag>
  void read_value(const nlohmann::json& value, std::string_view name, Id<Tag>& out) {
    std::int64_t number = 0;
    read_value(value, name, number);
    if (require(number >= 1 && number <= protocol::kIdMax, name)) {
      out.value = static_cast<std::int32_t>(number);
    }
  }
  void read_value(const nlohmann::json& value, std::string_view name, std::string_view& out) {
    if (require(value.is_string(), name)) out = value.get_ref<const std::string&>();
  }
  void read_value(const nlohmann::json& value, std::string_view name, bool& out) {
    if (require(value.is_boolean(), name)) out = value.get<bool>();
  }
  template <typename T>
  void read_value(const nlohmann::json& value, std::string_view name, std::optional<T>& out) {
    read_value(value, name, out.emplace());
  }
  template <typename T>
  void read_value(const nlohmann::json& value, std::string_view name, std::vector<T>& out) {
    if (!require(value.is_array(), name)) return;
    for (const nlohmann::json& item : value) read_value(item, name, out.emplace_back());
  }
  void read_value(const nlohmann::json& value, std::string_view name,
                  protocol::messages::AnyReply& out) {
    if (value.is_number()) return read_value(value, name, out.seq);
    MessageReader inner;
    out = inner.read<protocol::messages::AnyReply>(value);
    if (inner.broken()) break_at(fmt::format("{}.{}", name, inner.where()));
  }
  template <typename T>
  requires requires { T::fields(); }
  void read_value(const nlohmann::json& value, std::string_view name, T& out) {
    MessageReader inner;
    out = inner.read<T>(value);
    if (inner.broken()) break_at(fmt::format("{}.{}", name, inner.where()));
  }

  std::string broken_;
};

inline std::string text_of(const std::optional<std::string_view>& text) {
  return std::string(text.value_or(""));
}

}  // namespace chat::client

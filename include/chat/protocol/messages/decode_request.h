#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/errors.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/messages/received_request.h"
#include "chat/protocol/msgid.h"
#include "chat/protocol/request.h"

namespace chat::protocol {

inline RequestHead head_of(const Request& request) {
  return {static_cast<Msgid>(request.msgid), std::string(request.cid())};
}

namespace decoding {

template <typename T>
constexpr FieldKind kind_of() {
  if constexpr (std::is_same_v<T, bool>) {
    return FieldKind::kFlag;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return FieldKind::kInteger;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return FieldKind::kString;
  } else if constexpr (requires { T::fields(); }) {
    return FieldKind::kIntegers;
  } else if constexpr (std::is_same_v<T, std::vector<UserId>>) {
    return FieldKind::kIds;
  } else {
    static_assert(std::is_same_v<T, UserId> || std::is_same_v<T, GroupId>);
    return FieldKind::kId;
  }
}

template <typename Tag>
void take(Id<Tag>& out, Value&& value) {
  out.value = static_cast<std::int32_t>(std::get<std::int64_t>(value));
}
template <typename T>
void take(T& out, Value&& value) {
  out = std::get<T>(std::move(value));
}
template <typename Tag>
void take(std::vector<Id<Tag>>& out, Value&& value) {
  for (const auto& [name, number] : std::get<Nested>(value).integers) {
    out.push_back({static_cast<std::int32_t>(number)});
  }
}
template <typename T>
void take(std::optional<T>& out, Value&& value) {
  take(out.emplace(), std::move(value));
}

// The integers and ids of an object; each is required.
template <typename Item>
std::optional<Refusal> read_integers(std::string_view name, const Nested& object, Item& out) {
  std::optional<Refusal> refusal;
  for_each_field<Item>([&](const auto& field) {
    if (refusal) return;
    const auto found = std::find_if(object.integers.begin(), object.integers.end(),
                                    [&](const auto& item) { return item.first == field.name; });
    if (found == object.integers.end()) {
      refusal = missing_integer(name, field.name);
      return;
    }
    using Type = std::remove_reference_t<decltype(out.*field.member)>;
    Value value = found->second;
    refusal = check_field(
        &value, {std::string(name).append(".").append(field.name), kind_of<Type>(), true});
    if (!refusal) take(out.*field.member, std::move(value));
  });
  return refusal;
}

template <typename T>
struct Plain {
  using Type = T;
};
template <typename T>
struct Plain<std::optional<T>> {
  using Type = T;
};

template <typename Message, typename Member>
std::optional<Refusal> read(Request& request, const Field<Message, Member>& field, Message& out) {
  using Type = typename Plain<Member>::Type;
  const FieldKind kind = field.kind.value_or(kind_of<Type>());
  Value* value = request.find(field.name);
  auto refusal = check_field(value, {field.name, kind, field.presence == Presence::kRequired});
  if (refusal || value == nullptr) return refusal;
  if constexpr (requires { Type::fields(); }) {
    return read_integers(field.name, std::get<Nested>(*value), (out.*field.member).emplace());
  } else {
    take(out.*field.member, std::move(*value));
    return refusal;
  }
}

template <typename Message>
std::optional<Refusal> read(Request& request, const CarriedField& field, Message& /*out*/) {
  return check_field(request.find(field.name), {field.name, FieldKind::kString, false});
}

}  // namespace decoding

// Decodes the request as a Message, or fails with bad_field for the first field that is missing or
// invalid; a `cid`, if present, is checked last. Moves the texts out of `request`, except the cid.
// Precondition: the msgid is Message's.
template <typename Message>
tl::expected<Received<Message>, Refusal> decode_request(Request& request) {
  Received<Message> out;
  std::optional<Refusal> refusal;
  for_each_field<Message>([&](const auto& field) {
    if (!refusal) refusal = decoding::read(request, field, static_cast<Message&>(out));
  });
  if (!refusal) refusal = check_cid(request);
  if (refusal) return tl::make_unexpected(std::move(*refusal));
  static_cast<RequestHead&>(out) = head_of(request);
  return out;
}

}  // namespace chat::protocol

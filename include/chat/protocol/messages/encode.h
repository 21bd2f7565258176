#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "chat/base/ids.h"
#include "chat/protocol/json_writer.h"
#include "chat/protocol/messages/field.h"

// Encodes messages as JSON, using their field lists.
namespace chat::protocol {

// Writes the fields into the open object.
template <typename Message>
void write_fields(JsonWriter& json, const Message& message);

// An id, a number, a flag, a text, an object with fields, or a range of these.
template <typename T>
void write_value(JsonWriter& json, const T& value) {
  if constexpr (std::is_same_v<T, UserId> || std::is_same_v<T, GroupId>) {
    json.value(value.value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    json.value(std::string_view(value));
  } else if constexpr (std::integral<T>) {
    json.value(value);
  } else if constexpr (requires { T::fields(); }) {
    json.begin_object();
    write_fields(json, value);
    json.end_object();
  } else {
    json.begin_array();
    for (const auto& item : value) write_value(json, item);
    json.end_array();
  }
}

template <typename Message, typename Owner, typename Member>
void write_field(JsonWriter& json, const Message& message, const Field<Owner, Member>& field) {
  const Member& value = message.*field.member;
  if constexpr (kIsOptional<Member>) {
    if (!value) return;
    json.key(field.name);
    write_value(json, *value);
  } else {
    if constexpr (std::is_same_v<Member, bool>) {
      if (field.presence == Presence::kOptional && !value) return;
    }
    json.key(field.name);
    write_value(json, value);
  }
}
template <typename Message>
void write_field(JsonWriter& /*json*/, const Message& /*message*/, const CarriedField& /*field*/) {}

template <typename Message>
void write_fields(JsonWriter& json, const Message& message) {
  for_each_field<Message>([&](const auto& field) { write_field(json, message, field); });
}

// {"msgid":…,"cid":…, and the fields}. An empty cid is omitted.
template <typename Message>
std::string encode_request(const Message& message, std::string_view cid = {}) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("msgid", static_cast<int>(Message::kMsgid));
  if (!cid.empty()) json.field("cid", cid);
  write_fields(json, message);
  json.end_object();
  return out;
}

// {"msgid":…,"errno":0, the fields, and "cid":…}. An empty cid is omitted.
template <typename Reply>
void append_reply(std::string& out, const Reply& reply, std::string_view cid) {
  JsonWriter json(out);
  json.begin_object().field("msgid", static_cast<int>(Reply::kMsgid)).field("errno", 0);
  write_fields(json, reply);
  if (!cid.empty()) json.field("cid", cid);
  json.end_object();
}

// {"msgid":…, and the fields}.
template <typename Push>
void append_push(std::string& out, const Push& push) {
  JsonWriter json(out);
  json.begin_object().field("msgid", static_cast<int>(Push::kMsgid));
  write_fields(json, push);
  json.end_object();
}

template <typename Push>
std::string encode_push(const Push& push) {
  std::string out;
  append_push(out, push);
  return out;
}

}  // namespace chat::protocol

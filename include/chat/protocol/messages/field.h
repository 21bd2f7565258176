#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "chat/base/ids.h"

// The description of messages. Each request, reply and push is one plain struct with its number and
// a list of its fields, in the order in which they are written and checked:
//
//   struct AddFriend {
//     static constexpr Msgid kMsgid = Msgid::kAddFriend;
//     std::optional<UserId> sender{};
//     UserId friendid{};
//     static constexpr auto fields() {
//       return field_list(sender_field(&AddFriend::sender),
//                         field("friendid", &AddFriend::friendid));
//     }
//   };
//
// Everything else follows from the description: the server decodes requests (decode_request.h) and
// encodes replies and pushes (encode.h), clients do the reverse, and a test compares it with
// PROTOCOL.md. The member's type determines the type of the field; a std::optional may be missing.
//
// Requests own their texts, because they move between threads. Replies and pushes borrow them: from
// the caller when encoding, from the frame when decoding.
namespace chat::protocol {

// The constraints on a field (PROTOCOL.md, section 1).
enum class FieldKind : std::uint8_t {
  kId,            // plain integer in 1 … 2^31−1
  kInteger,       // plain integer, 0 or more
  kString,        // any text: the handler checks it (login and registration reply errno 1)
  kText,          // 1–4000 code points
  kName,          // 1–50 code points, no control characters, no space at the ends
  kGroupDesc,     // 0–50 code points, no control characters
  kNick,          // 0–50 code points like a name's; empty: none
  kRequestText,   // 0–50 code points, no control characters
  kBio,           // 0–200 code points, no control characters but LF
  kAvatar,        // 0–200 code points, no control characters
  kAnnouncement,  // 0–1000 code points, no control characters but LF
  kIntegers,      // an object of plain integers, 0 or more
  kFlag,          // true or false
  kIds,           // an array of at most kMentionsMax different ids
};

enum class Presence : std::uint8_t {
  kRequired,
  kOptional,  // written if it has a value; a flag, if it is true
  kLenient,   // always written, but servers of earlier versions may omit it
};

// `Message` is the message itself or a base of it.
template <typename Message, typename Member>
struct Field {
  std::string_view name;
  Member Message::*member;
  std::optional<FieldKind> kind;  // nothing: derived from the member's type
  Presence presence;
};

// A field that clients of the original protocol send: its type is checked, its value ignored.
struct CarriedField {
  std::string_view name;
};

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <typename Message, typename Member>
constexpr Field<Message, Member> field(std::string_view name, Member Message::*member,
                                       std::optional<FieldKind> kind = std::nullopt) {
  return {name, member, kind, kIsOptional<Member> ? Presence::kOptional : Presence::kRequired};
}

// A flag of a request; absent means false.
template <typename Message>
constexpr Field<Message, bool> flag_field(std::string_view name, bool Message::*member) {
  return {name, member, FieldKind::kFlag, Presence::kOptional};
}

// A field of a reply or push that clients must not depend on.
template <typename Message, typename Member>
constexpr Field<Message, Member> lenient_field(std::string_view name, Member Message::*member) {
  return {name, member, std::nullopt, Presence::kLenient};
}

// The sender of the request: if given, it must be the logged-in user.
template <typename Message>
constexpr auto sender_field(std::optional<UserId> Message::*member) {
  return field("id", member);
}

// The fields of a message. A closure, because a hundred types of std::tuple took seconds to
// compile.
template <typename... Fields>
constexpr auto field_list(Fields... fields) {
  return [=]([[maybe_unused]] auto& visit) { (visit(fields), ...); };
}

// For a message with a base that has fields of its own: `first`, then those of the base.
template <typename Base, typename FieldList>
constexpr auto with_fields_of(FieldList first) {
  return [=](auto& visit) {
    first(visit);
    Base::fields()(visit);
  };
}

template <typename Message, typename Visit>
constexpr void for_each_field(Visit&& visit) {
  Message::fields()(visit);
}

// The name of one field, for encoding a message piece by piece: key_of(&LoginReply::friends).
template <typename Message, typename Member>
consteval std::string_view key_of(Member Message::*member) {
  std::string_view name;
  for_each_field<Message>([&](const auto& each) {
    if constexpr (std::is_same_v<decltype(each.member), Member Message::*>) {
      if (each.member == member) name = each.name;
    }
  });
  if (name.empty()) throw "no field of this message";
  return name;
}

}  // namespace chat::protocol

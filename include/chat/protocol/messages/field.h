#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "chat/base/ids.h"

// How a message is described. Each request, reply and push is one plain struct that names its
// number and, once, each of its fields, in the order in which they are written and checked:
//
//   struct AddFriend {
//     static constexpr Msgid kMsgid = Msgid::kAddFriend;
//     std::optional<UserId> sender{};
//     UserId friendid{};
//     static constexpr auto fields() {
//       return std::tuple{sender_field(&AddFriend::sender),
//                         field("friendid", &AddFriend::friendid)};
//     }
//   };
//
// Everything else follows from the description: the server reads requests by it
// (decode_request.h) and writes replies and pushes (encode.h), clients do the reverse, and a test
// compares it with PROTOCOL.md. The member's type says what the field must be; a std::optional may
// be missing.
//
// Requests own their texts, which travel from thread to thread. Replies and pushes borrow them: a
// writer's from its caller, a reader's from the frame.
namespace chat::protocol {

// What a field must look like (PROTOCOL.md, section 1).
enum class FieldKind : std::uint8_t {
  kId,         // plain integer in 1 … 2^31−1
  kInteger,    // plain integer, 0 or more
  kString,     // any text: the handler judges it (login and registration answer errno 1)
  kText,       // 1–4000 code points
  kName,       // 1–50 code points, no control characters, no space at the ends
  kGroupDesc,  // 0–50 code points, no control characters
  kFlag,       // true or false
};

enum class Presence : std::uint8_t {
  kRequired,
  kOptional,  // written where it has a value; a flag, where it is true
  kLenient,   // always written, but servers of earlier versions may leave it out
};

template <typename Message, typename Member>
struct Field {
  std::string_view name;
  Member Message::*member;
  std::optional<FieldKind> kind;  // nothing: as the member's type says
  Presence presence;
};

// What clients of the original protocol carry in a request: its type is checked, nobody reads it.
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

// A field of a reply or push that a client must be able to do without.
template <typename Message, typename Member>
constexpr Field<Message, Member> lenient_field(std::string_view name, Member Message::*member) {
  return {name, member, std::nullopt, Presence::kLenient};
}

// The user who sends the request: where it is given, it must be who is logged in.
template <typename Message>
constexpr auto sender_field(std::optional<UserId> Message::*member) {
  return field("id", member);
}

template <typename Message, typename Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... each) { (visit(each), ...); }, Message::fields());
}

// The name of one field, for whoever writes a message piece by piece: key_of(&LoginReply::friends).
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

#pragma once

#include <string>
#include <string_view>

#include "chat/storage/values.h"

// The messages that the benchmarks work on, of the size that load tests send.
namespace chat::bench {

inline constexpr std::string_view kChatRequest =
    R"({"msgid":6,"id":1001,"name":"user1001","toid":1002,"msg":"0123456789 0123456789 0123456789 01)"
    R"(23456789","time":"2024-05-06 07:08:09","cid":"c000000001"})";
static_assert(kChatRequest.size() == 151);
inline constexpr std::string_view kPing = R"({"msgid":21,"cid":"c00000001"})";
inline constexpr std::string_view kDelivered = R"({"msgid":22,"from":1001,"seq":123456})";

inline const std::string kText(44, 'x');

inline storage::DirectMessage direct_message(UserId recipient, UserId sender, Seq seq) {
  return {recipient, sender, seq, "c" + std::to_string(seq), 1'700'000'000'000, kText};
}
inline storage::GroupMessage group_message(GroupId group, UserId sender, Seq seq) {
  return {group, seq, sender, "c" + std::to_string(seq), 1'700'000'000'000, kText};
}

}  // namespace chat::bench

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "chat/protocol/msgid.h"

namespace chat::protocol {

// PROTOCOL.md, section 7.
enum class Errno : int {
  kOk = 0,
  kFailed = 1,
  kAlreadyOnline = 2,
  kBadJson = 10,
  kBadUtf8 = 11,
  kTooDeep = 12,
  kTooLarge = 13,  // closes the connection
  kBadField = 14,
  kUnknownMsgid = 15,
  kNotLoggedIn = 20,
  kAlreadyLoggedIn = 21,
  kNotAllowed = 22,
  kNotFound = 23,
  kConflict = 24,
  kExists = 25,
  kInvalidToken = 26,
  kRateLimited = 30,
  kBusy = 31,
  kUnavailable = 32,
  kInternal = 39,
};

// The name in that table: "rate_limited".
std::string_view name_of(Errno code) noexcept;

// The reply to a refused request. `message` is a sentence for people. Like Error, it is made out of
// line.
struct Refusal {
  Refusal() noexcept;
  Refusal(Errno what, std::string sentence,
          std::optional<std::chrono::milliseconds> again = std::nullopt) noexcept;
  Refusal(const Refusal& other);
  Refusal(Refusal&& other) noexcept;
  Refusal& operator=(const Refusal& other);
  Refusal& operator=(Refusal&& other) noexcept;
  ~Refusal();

  Errno code = Errno::kInternal;
  std::string message;
  std::optional<std::chrono::milliseconds> retry_after;  // kRateLimited, kBusy, kUnavailable
};

// Encodes an error reply:
// {"msgid":…,"errno":…,"error":"…","errmsg":"…","retry_after_ms":…,"cid":"…"}. The last two are
// written only if given. `msgid` is the number of the reply.
std::string error_reply(Msgid msgid, const Refusal& refusal, std::string_view cid);

}  // namespace chat::protocol

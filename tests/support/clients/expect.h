#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "raw_client.h"
#include "user.h"

// Expectations on replies and pushes, and threads for load.
namespace chat::test {

// PROTOCOL.md, section 7: the number and its name, deliberately repeated here.
struct ErrorKind {
  int number;
  std::string_view word;
};
namespace errors {
inline constexpr ErrorKind kFailed{1, "failed"};
inline constexpr ErrorKind kAlreadyOnline{2, "already_online"};
inline constexpr ErrorKind kBadJson{10, "bad_json"};
inline constexpr ErrorKind kBadUtf8{11, "bad_utf8"};
inline constexpr ErrorKind kTooDeep{12, "too_deep"};
inline constexpr ErrorKind kTooLarge{13, "too_large"};
inline constexpr ErrorKind kBadField{14, "bad_field"};
inline constexpr ErrorKind kUnknownMsgid{15, "unknown_msgid"};
inline constexpr ErrorKind kNotLoggedIn{20, "not_logged_in"};
inline constexpr ErrorKind kAlreadyLoggedIn{21, "already_logged_in"};
inline constexpr ErrorKind kNotAllowed{22, "not_allowed"};
inline constexpr ErrorKind kNotFound{23, "not_found"};
inline constexpr ErrorKind kConflict{24, "conflict"};
inline constexpr ErrorKind kExists{25, "exists"};
inline constexpr ErrorKind kInvalidToken{26, "invalid_token"};
inline constexpr ErrorKind kRateLimited{30, "rate_limited"};
inline constexpr ErrorKind kBusy{31, "busy"};
}  // namespace errors

// Checks msgid, errno, name, a sentence in errmsg, retry_after_ms if and only if it belongs there,
// and no other fields but a cid.
void expect_error(const Json& reply, int msgid, ErrorKind kind);
// Sends `request` with a cid and expects this error, under the request's reply msgid, with the cid
// echoed. Returns the reply.
Json expect_refused(RawClient& client, Json request, ErrorKind kind);
// Expects errno 0 under this msgid, without error fields.
void expect_ok(const Json& reply, int msgid);

// Expects an answer to PING.
void expect_alive(RawClient& client);
// Expects that no push is pending for `user`: a message to itself arrives with nothing before it,
// and nothing follows for a moment.
void expect_no_push(User& user);

// The seqs are first, first + 1, … without a hole or repeat.
void expect_consecutive(const std::vector<Json>& messages, std::int64_t first = 1);

// Runs body(0) … body(count − 1), each on a thread; finally throws the first exception of them.
void run_in_parallel(int count, const std::function<void(int)>& body);

}  // namespace chat::test

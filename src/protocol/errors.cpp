#include "chat/protocol/errors.h"

#include <utility>

#include "chat/protocol/json_writer.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/failure.h"

namespace chat::protocol {

std::string_view name_of(Errno code) noexcept {
  switch (code) {
    case Errno::kOk: return "ok";
    case Errno::kFailed: return "failed";
    case Errno::kAlreadyOnline: return "already_online";
    case Errno::kBadJson: return "bad_json";
    case Errno::kBadUtf8: return "bad_utf8";
    case Errno::kTooDeep: return "too_deep";
    case Errno::kTooLarge: return "too_large";
    case Errno::kBadField: return "bad_field";
    case Errno::kUnknownMsgid: return "unknown_msgid";
    case Errno::kNotLoggedIn: return "not_logged_in";
    case Errno::kAlreadyLoggedIn: return "already_logged_in";
    case Errno::kNotAllowed: return "not_allowed";
    case Errno::kNotFound: return "not_found";
    case Errno::kConflict: return "conflict";
    case Errno::kExists: return "exists";
    case Errno::kInvalidToken: return "invalid_token";
    case Errno::kRateLimited: return "rate_limited";
    case Errno::kBusy: return "busy";
    case Errno::kUnavailable: return "unavailable";
    case Errno::kInternal: return "internal";
  }
  return "internal";
}

Refusal::Refusal() noexcept = default;
// cppcheck-suppress passedByValue
Refusal::Refusal(Errno what, std::string sentence,
                 std::optional<std::chrono::milliseconds> again) noexcept
    : code(what), message(std::move(sentence)), retry_after(again) {}
Refusal::Refusal(const Refusal& other) = default;
Refusal::Refusal(Refusal&& other) noexcept = default;
Refusal& Refusal::operator=(const Refusal& other) = default;
Refusal& Refusal::operator=(Refusal&& other) noexcept = default;
Refusal::~Refusal() = default;

std::string error_reply(Msgid msgid, const Refusal& refusal, std::string_view cid) {
  messages::Failure failure{.code = static_cast<int>(refusal.code),
                            .error = name_of(refusal.code),
                            .errmsg = refusal.message};
  if (refusal.retry_after) failure.retry_after_ms = refusal.retry_after->count();
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("msgid", static_cast<int>(msgid));
  write_fields(json, failure);
  if (!cid.empty()) json.field("cid", cid);
  json.end_object();
  return out;
}

}  // namespace chat::protocol

#include "client/load/account.h"

#include <fmt/format.h>

#include <algorithm>

#include "chat/protocol/errors.h"
#include "chat/protocol/messages/account_messages.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/login_messages.h"
#include "client/core/wire/request_json.h"

namespace chat::client::load {

using protocol::encode_request;
using protocol::Errno;
using protocol::Msgid;
namespace messages = protocol::messages;

bool is_temporary(const event::Refused& refused) {
  switch (static_cast<Errno>(refused.code)) {
    case Errno::kRateLimited:
    case Errno::kBusy:
    case Errno::kUnavailable: return true;
    default: return false;
  }
}

std::chrono::milliseconds wait_of(const event::Refused& refused) {
  constexpr std::int64_t kUsualMs = 500;
  constexpr std::int64_t kMostMs = 60'000;
  return std::chrono::milliseconds(
      std::clamp<std::int64_t>(refused.retry_after_ms.value_or(kUsualMs), 1, kMostMs));
}

Account Account::with_token(UserId id, std::string token) {
  Account out = with_password(id, {});
  out.token_ = std::move(token);
  return out;
}

Account Account::with_password(UserId id, std::string password) {
  Account out({}, std::move(password));
  out.id_ = id;
  out.registered_ = out.known_ = true;
  return out;
}

Account::Step Account::next(std::string_view cid) const {
  if (!registered_) {
    return {{.request = Msgid::kRegister, .name = name_},
            encode_request(messages::Register{.name = name_, .password = password_}, cid)};
  }
  messages::Login login = token_.empty() ? request::login({{id_, name_}, password_, known_})
                                         : request::login_again(token_);
  login.heartbeat = !known_;
  return {{.request = Msgid::kLogin}, encode_request(login, cid)};
}

Account::Outcome Account::take(const Event& answer) {
  if (const auto* refused = answer.as<event::Refused>()) return take_refusal(*refused);
  if (const auto* registered = answer.as<event::Registered>()) {
    id_ = registered->id;
    registered_ = true;
    fresh_ = true;
  }
  const auto* login = answer.as<event::LoggedIn>();
  if (login == nullptr) return {};
  id_ = login->id;
  if (!known_) token_ = login->token;
  return {Outcome::Kind::kLoggedIn};
}

Account::Outcome Account::take_refusal(const event::Refused& refused) {
  const auto code = static_cast<Errno>(refused.code);
  if (is_temporary(refused) || code == Errno::kAlreadyOnline) {
    return {Outcome::Kind::kWait, wait_of(refused), refused.errmsg};
  }
  if (code == Errno::kInvalidToken && !known_ && !token_.empty()) {
    token_.clear();
    return {};
  }
  // The name is taken by an earlier run, or by this one if its first answer was lost.
  if (code == Errno::kFailed && !registered_) {
    registered_ = true;
    return {};
  }
  return {Outcome::Kind::kImpossible,
          {},
          fmt::format("{} cannot log in: {} {}", name_, refused.error, refused.errmsg)};
}

}  // namespace chat::client::load

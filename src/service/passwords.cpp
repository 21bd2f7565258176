#include "passwords.h"

#include <memory>
#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/delivery/batch.h"
#include "chat/storage/settle.h"
#include "chat/storage/user_model.h"
#include "fault.h"
#include "replies.h"

namespace chat::service {
namespace {

constinit log::Limiter untried_lines{log::kUsualLines};
constinit log::Limiter rehash_lines{log::kAccountLines};

}  // namespace

Passwords::Passwords(ServiceContext& context)
    : context_(context),
      throttle_(context.options.login_failures_per_minute,
                context.options.account_failures_per_minute, context.rates, context.shared_rates) {}

void Passwords::check(session::Session& session, const storage::User& user,
                      const std::string& account, std::string password,
                      const std::function<void(PasswordVerdict)>& then) {
  const Attempt attempt{user.id ? "id:" + std::to_string(user.id.value) : account,
                        session.peer().network()};
  const auto made = throttle_.begin(attempt);
  if (made.wait.count() > 0) return then({rate_limited(made.wait), false, {}});
  session.suspend();
  auto self = session.shared_from_this();
  base::WorkerPool& lane = made.own_address ? context_.known_hash_lane : context_.hash_lane;
  const bool posted = lane.try_post([this, self, attempt, made, then, user = user.id,
                                     stored = user.password_hash, password = std::move(password)] {
    PasswordVerdict verdict = compare(stored, password);
    std::string renewed;
    if (verdict.right && context_.hasher.is_weaker(stored)) {
      renewed = context_.hasher.hash(password).value_or("");
    }
    self->resume([this, attempt, made, then, user, verdict, renewed]() mutable {
      if (verdict.refusal) throttle_.cancel(made);
      if (verdict.right) throttle_.succeeded(attempt, made);
      if (!renewed.empty()) renew(user, verdict, renewed);
      then(std::move(verdict));
    });
  });
  if (posted) return;
  throttle_.cancel(made);
  session.resume({});
  then({busy(), false, {}});
}

PasswordVerdict Passwords::compare(const std::string& stored, const std::string& password) const {
  const auto right = context_.hasher.verify(stored, password);
  if (right) return {std::nullopt, *right, stored};
  log::limited(log::Level::kWarn, untried_lines, "event=password_not_tried error={}",
               log::quoted(right.error().message));
  return {busy(), false, {}};
}

// A failure is no harm: the next login tries again. But what the account's hash is must be known.
void Passwords::renew(UserId user, PasswordVerdict& verdict, const std::string& renewed) {
  const auto replaced = storage::transact_settled(
      context_.pool, [&](storage::Connection& connection, bool repeated) -> Result<bool> {
        storage::UserModel users(connection);
        auto done = users.replace_password(user, verdict.stored, renewed);
        if (!done || *done || !repeated) return done;
        const auto found = users.find(user);
        if (!found) return fail(found);
        return *found && (*found)->password_hash == renewed;
      });
  if (!replaced && is_unknown(replaced.error())) {
    verdict.refusal = delivery::refusal_of(replaced.error());
    verdict.right = false;
  }
  if (!replaced || !*replaced) return;
  verdict.stored = renewed;
  log::limited(log::Level::kInfo, rehash_lines, "event=password_rehashed user={}", user.value);
}

void Passwords::hash(session::Session& session, std::string password,
                     const std::function<void(Result<std::string>)>& then) {
  session.suspend();
  auto self = session.shared_from_this();
  const bool posted =
      context_.hash_lane.try_post([this, self, then, password = std::move(password)] {
        self->resume([then, hash = context_.hasher.hash(password)] { then(hash); });
      });
  if (posted) return;
  session.resume({});
  then(fail(ErrorCode::kBusy, "too many passwords wait"));
}

}  // namespace chat::service

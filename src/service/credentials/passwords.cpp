#include "service/credentials/passwords.h"

#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/delivery/refusals.h"
#include "chat/session/wait.h"
#include "chat/storage/network_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/transact.h"
#include "chat/storage/user_model.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/replies.h"

// A hash takes tens of milliseconds of a core, so a client that makes the server compute many of
// them delays everybody's logins. The limits:
//
//   wrong passwords   by account and by network (LoginThrottle). A right password returns its
//                     tokens.
//   right passwords   by account: twice login_failures_per_minute for logins. An account that has
//                     logged in more than kQuickProofs times in a minute yields in the queue.
//   confirmations     (password change, account deletion) by account and by network, whether the
//                     password is right or wrong.
//   queues            three lanes, each shared fairly between networks (HashQueue). Nothing is
//                     hashed for a client that has disconnected, so a stop drains them quickly.
//
// The lane of a login depends on the table `knownnetwork`. A network is written there at the
// account's first login from it by password in a day. The write is an upsert, so a failure or a
// lost COMMIT answer needs no handling: the next login writes again.
namespace chat::service {
namespace {

constexpr std::chrono::minutes kProofWindow{1};
constexpr std::int64_t kQuickProofs = 3;
// The age at which a login updates the time of a known network.
constexpr std::chrono::hours kNetworkStep{24};

constinit log::Limiter untried_lines{log::kUsualLines};
constinit log::Limiter rehash_lines{log::kAccountLines};
constinit log::Limiter network_lines{log::kRepeatedFault};

std::string id_key(UserId user) {
  return "id:" + std::to_string(user.value);
}

void add_bucket(std::vector<base::NamedBucket>& buckets, std::string key, std::int64_t per_minute,
                base::BucketKind kind) {
  if (per_minute == 0) return;
  buckets.push_back({std::move(key), {per_minute, per_minute, kProofWindow}, kind});
}

}  // namespace

// A password being checked.
struct Passwords::Check {
  SessionPtr session;
  storage::User user;
  std::string password;
  std::string network;
  std::optional<UnixMillis> last_seen{};  // when the user last logged in from this network
  LoginThrottle::Permit made{};
  // Taken in any case, unless the password is not checked.
  std::vector<base::NamedBucket> proofs{};
  // Returned if the password is wrong, so that attackers use up nothing of the owner's.
  std::vector<base::NamedBucket> right_proofs{};
};

struct Passwords::Tried {
  PasswordVerdict verdict{};
  std::string renewed{};  // a new hash of the password, to store
};

Passwords::Passwords(ServiceContext& context)
    : context_(context),
      throttle_(context.options.login_failures_per_minute,
                context.options.account_failures_per_minute, context.rates, context.shared_rates),
      new_networks_(context.pools.hash),
      known_networks_(context.pools.hash_known),
      others_(context.pools.hash_other) {}

Passwords::Check Passwords::new_check(SessionPtr session, storage::User user,
                                      std::string password) const {
  std::string network = session->peer().network();
  return {std::move(session), std::move(user), std::move(password), std::move(network)};
}

Passwords::Verdict Passwords::check_login(SessionPtr session, storage::User user,
                                          std::string account, std::string password) {
  Check check = new_check(std::move(session), std::move(user), std::move(password));
  const UserId id = check.user.id;
  if (id) {
    if (auto refusal = find_network(check)) co_return PasswordVerdict{std::move(refusal)};
    add_bucket(check.right_proofs, "right:" + id_key(id),
               2 * context_.options.login_failures_per_minute, base::BucketKind::kAccount);
    account = id_key(id);
  }
  const bool known = check.last_seen.has_value();
  auto refusal = pass_limits(check, {account, check.network, known, static_cast<bool>(id)});
  if (refusal) co_return PasswordVerdict{std::move(refusal)};
  const bool frequent = is_frequent(check);
  auto verdict = co_await try_in(known ? known_networks_ : new_networks_, frequent, check);
  verdict.last_seen = check.last_seen;
  co_return verdict;
}

Passwords::Verdict Passwords::confirm(SessionPtr session, storage::User user,
                                      std::string password) {
  Check check = new_check(std::move(session), std::move(user), std::move(password));
  const std::int64_t failures = context_.options.login_failures_per_minute;
  const std::string account = id_key(check.user.id);
  add_bucket(check.proofs, "confirm@" + check.network, 2 * failures, base::BucketKind::kAddress);
  add_bucket(check.proofs, "confirm:" + account, failures, base::BucketKind::kAccount);
  auto refusal = find_network(check);
  if (!refusal) {
    refusal = pass_limits(check, {account, check.network, check.last_seen.has_value(), true});
  }
  if (refusal) co_return PasswordVerdict{std::move(refusal)};
  co_return co_await try_in(others_, false, check);
}

Passwords::Verdict Passwords::check_again(SessionPtr session, std::string stored,
                                          std::string password) {
  storage::User user;
  user.password_hash = std::move(stored);
  Check check = new_check(std::move(session), std::move(user), std::move(password));
  co_return co_await try_in(known_networks_, false, check);
}

std::optional<protocol::Refusal> Passwords::find_network(Check& check) {
  auto lease = context_.pool.lease();
  if (!lease) return delivery::refusal_of(lease.error());
  auto seen = storage::NetworkModel(**lease).last_seen(check.user.id, check.network,
                                                       context_.clock.unix_millis());
  if (!seen) return delivery::refusal_of(seen.error());
  check.last_seen = *seen;
  return std::nullopt;
}

std::optional<protocol::Refusal> Passwords::pass_limits(Check& check, const LoginAttempt& attempt) {
  auto buckets = check.proofs;
  buckets.insert(buckets.end(), check.right_proofs.begin(), check.right_proofs.end());
  auto wait = context_.rates.take(buckets).value_or(std::chrono::milliseconds(0));
  if (wait.count() == 0) {
    check.made = throttle_.begin(attempt);
    wait = check.made.wait;
    if (wait.count() > 0) context_.rates.give_back(buckets);
  }
  if (wait.count() == 0) return std::nullopt;
  return rate_limited(wait);
}

bool Passwords::is_frequent(Check& check) {
  if (check.right_proofs.empty()) return false;
  const base::NamedBucket quick{"quick:" + id_key(check.user.id),
                                {kQuickProofs, kQuickProofs, kProofWindow},
                                base::BucketKind::kAccount};
  const auto wait = context_.rates.take({&quick, 1}).value_or(std::chrono::milliseconds(0));
  if (wait.count() > 0) return true;
  check.right_proofs.push_back(quick);
  return false;
}

Passwords::Verdict Passwords::try_in(HashQueue& queue, bool frequent, Check& check) {
  const bool may_renew = static_cast<bool>(check.user.id);
  Tried tried{{busy()}};
  session::Wait<Tried> wait(check.session->strand());
  const bool posted = queue.try_post(
      check.network, frequent,
      [this, answer = wait.answer(), session = check.session, stored = check.user.password_hash,
       password = check.password, may_renew, tried] {
        (void)answer(session->gone() ? Tried(tried) : try_now(stored, password, may_renew));
      },
      [answer = wait.answer(), tried] { (void)answer(Tried(tried)); });
  if (posted || !wait.cancel()) {
    if (auto answer = co_await wait) tried = std::move(*answer);
  }
  settle_limits(check, tried.verdict);
  if (!tried.renewed.empty()) renew(check.user.id, tried.renewed, tried.verdict);
  co_return std::move(tried.verdict);
}

// Runs on the hash lane.
Passwords::Tried Passwords::try_now(const std::string& stored, const std::string& password,
                                    bool may_renew) const {
  const auto right = context_.hasher.verify(stored, password);
  if (!right) {
    log::limited(log::Level::kWarn, untried_lines, "event=password_not_tried error={}",
                 log::quoted(right.error().message));
    return {{busy()}};
  }
  Tried tried{{std::nullopt, *right, stored}};
  if (*right && may_renew && context_.hasher.is_weaker(stored)) {
    tried.renewed = context_.hasher.hash(password).value_or("");
  }
  return tried;
}

void Passwords::settle_limits(const Check& check, const PasswordVerdict& verdict) {
  const bool untried = verdict.refusal.has_value();
  if (untried || verdict.right) throttle_.take_back(check.made);
  if (untried) context_.rates.give_back(check.proofs);
  if (untried || !verdict.right) context_.rates.give_back(check.right_proofs);
}

void Passwords::remember_network(const session::Session& session, UserId user,
                                 std::optional<UnixMillis> last_seen) {
  const UnixMillis now = context_.clock.unix_millis();
  const UnixMillis step = std::chrono::milliseconds(kNetworkStep).count();
  if (last_seen && now - *last_seen < step) return;
  auto lease = context_.pool.lease();
  if (!lease) return;
  const auto done = storage::transact(**lease, [&]() -> Result<void> {
    return storage::NetworkModel(**lease).remember(user, session.peer().network(), now);
  });
  if (done) return;
  log::limited(log::Level::kWarn, network_lines, "event=network_not_remembered user={} what={}",
               user.value, log::quoted(done.error().message));
}

// A failure is harmless, because the next login tries again. But the account's current hash must be
// known.
void Passwords::renew(UserId user, const std::string& renewed, PasswordVerdict& verdict) {
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

session::Coroutine<Result<std::string>> Passwords::hash(SessionPtr session, std::string password) {
  Result<std::string> hash = fail(ErrorCode::kBusy, "too many passwords are waiting");
  session::Wait<Result<std::string>> wait(session->strand());
  const bool posted = others_.try_post(
      session->peer().network(), false,
      [this, answer = wait.answer(), session, hash, password = std::move(password)] {
        (void)answer(session->gone() ? Result<std::string>(hash) : context_.hasher.hash(password));
      },
      [answer = wait.answer(), hash] { (void)answer(Result<std::string>(hash)); });
  if (posted || !wait.cancel()) {
    if (auto answer = co_await wait) hash = std::move(*answer);
  }
  co_return hash;
}

}  // namespace chat::service

#include "service/credentials/passwords.h"

#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/delivery/batch.h"
#include "chat/storage/network_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/transact.h"
#include "chat/storage/user_model.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/replies.h"

// A hash takes tens of milliseconds of a core, so whoever makes the server compute many of them
// takes logins away from everybody else. What bounds that:
//
//   wrong passwords   LoginThrottle: by account and by network. A right password gives back what
//                     it took.
//   right passwords   by account: twice login_failures_per_minute for logins. An account that has
//                     logged in more than kQuickProofs times in a minute yields in the queue.
//   confirmations     (change of the password, end of the account) by account and by network,
//                     right or wrong.
//   queues            three lanes; in each, places and turns by network (HashQueue).
//
// Which lane a login takes depends on the table `knownnetwork`. A network is written there when
// the account is logged in to from it by password for the first time in a day. The write is an
// upsert: when the answer to its COMMIT is lost, or it fails, nothing is done, and the next login
// writes again.
namespace chat::service {
namespace {

constexpr std::chrono::minutes kProofWindow{1};
constexpr std::int64_t kQuickProofs = 3;
// How old the time of a known network may be before a login writes it anew.
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

// A password on its way through its lane.
struct Passwords::Check {
  std::shared_ptr<session::Session> session;
  storage::User user;
  std::string password;
  std::string network;
  Checked then;
  std::optional<UnixMillis> last_seen{};  // when the user last logged in from this network
  LoginThrottle::Permit made{};
  // Taken whether or not the password is right, unless it is not tried.
  std::vector<base::NamedBucket> proofs{};
  // Given back where the password is wrong, so that strangers take nothing from the owner.
  std::vector<base::NamedBucket> right_proofs{};
  bool is_login = false;
  PasswordVerdict verdict{};
  std::string renewed{};  // a new hash of the password, to be stored
};

Passwords::Passwords(ServiceContext& context)
    : context_(context),
      throttle_(context.options.login_failures_per_minute,
                context.options.account_failures_per_minute, context.rates, context.shared_rates),
      new_networks_(context.hash_lane),
      known_networks_(context.known_hash_lane),
      others_(context.other_hash_lane) {}

Passwords::CheckPtr Passwords::new_check(session::Session& session, const storage::User& user,
                                         std::string password, Checked then) const {
  return std::make_shared<Check>(Check{session.shared_from_this(), user, std::move(password),
                                       session.peer().network(), std::move(then)});
}

void Passwords::check_login(session::Session& session, const storage::User& user,
                            const std::string& account, std::string password, Checked then) {
  const auto check = new_check(session, user, std::move(password), std::move(then));
  check->is_login = true;
  bool frequent = false;
  if (user.id) {
    if (!find_network(check)) return;
    const std::int64_t failures = context_.options.login_failures_per_minute;
    const std::string key = id_key(user.id);
    add_bucket(check->right_proofs, "right:" + key, 2 * failures, base::BucketKind::kAccount);
  }
  const bool known = check->last_seen.has_value();
  if (!pass_limits(check, {user.id ? id_key(user.id) : account, check->network, known,
                           static_cast<bool>(user.id)})) {
    return;
  }
  if (!check->right_proofs.empty()) {
    const base::NamedBucket quick{"quick:" + id_key(user.id),
                                  {kQuickProofs, kQuickProofs, kProofWindow},
                                  base::BucketKind::kAccount};
    frequent = context_.rates.take({&quick, 1}).value_or(std::chrono::milliseconds(0)).count() > 0;
    if (!frequent) check->right_proofs.push_back(quick);
  }
  run(check, known ? known_networks_ : new_networks_, frequent);
}

void Passwords::confirm(session::Session& session, const storage::User& user, std::string password,
                        Checked then) {
  const auto check = new_check(session, user, std::move(password), std::move(then));
  const std::int64_t failures = context_.options.login_failures_per_minute;
  add_bucket(check->proofs, "confirm@" + check->network, 2 * failures, base::BucketKind::kAddress);
  add_bucket(check->proofs, "confirm:" + id_key(user.id), failures, base::BucketKind::kAccount);
  if (!find_network(check)) return;
  if (!pass_limits(check, {id_key(user.id), check->network, check->last_seen.has_value(), true})) {
    return;
  }
  run(check, others_, false);
}

void Passwords::check_again(session::Session& session, const std::string& stored,
                            std::string password, Checked then) {
  storage::User user;
  user.password_hash = stored;
  run(new_check(session, user, std::move(password), std::move(then)), known_networks_, false);
}

bool Passwords::find_network(const CheckPtr& check) {
  auto lease = context_.pool.lease();
  if (!lease) {
    check->then({delivery::refusal_of(lease.error()), false, {}});
    return false;
  }
  auto seen = storage::NetworkModel(**lease).last_seen(check->user.id, check->network,
                                                       context_.clock.unix_millis());
  if (!seen) {
    check->then({delivery::refusal_of(seen.error()), false, {}});
    return false;
  }
  check->last_seen = *seen;
  return true;
}

bool Passwords::pass_limits(const CheckPtr& check, const LoginAttempt& attempt) {
  auto buckets = check->proofs;
  buckets.insert(buckets.end(), check->right_proofs.begin(), check->right_proofs.end());
  auto wait = context_.rates.take(buckets).value_or(std::chrono::milliseconds(0));
  if (wait.count() == 0) {
    check->made = throttle_.begin(attempt);
    wait = check->made.wait;
    if (wait.count() > 0) context_.rates.give_back(buckets);
  }
  if (wait.count() == 0) return true;
  check->then({rate_limited(wait), false, {}});
  return false;
}

void Passwords::run(const CheckPtr& check, HashQueue& queue, bool frequent) {
  session::Session& session = *check->session;
  session.suspend();
  const bool posted = queue.try_post(
      check->network, frequent,
      [this, check] {
        check->verdict = compare(check->user.password_hash, check->password);
        check->renewed = renewed_hash(*check);
        check->session->resume([this, check] { finish(check); });
      },
      [this, check] { check->session->resume([this, check] { finish_untried(check); }); });
  if (posted) return;
  session.resume({});
  finish_untried(check);
}

void Passwords::finish_untried(const CheckPtr& check) {
  check->verdict.refusal = busy();
  finish(check);
}

PasswordVerdict Passwords::compare(const std::string& stored, const std::string& password) const {
  const auto right = context_.hasher.verify(stored, password);
  if (right) return {std::nullopt, *right, stored};
  log::limited(log::Level::kWarn, untried_lines, "event=password_not_tried error={}",
               log::quoted(right.error().message));
  return {busy(), false, {}};
}

std::string Passwords::renewed_hash(const Check& check) const {
  if (!check.verdict.right || !check.user.id || !context_.hasher.is_weaker(check.verdict.stored)) {
    return "";
  }
  return context_.hasher.hash(check.password).value_or("");
}

void Passwords::finish(const CheckPtr& check) {
  settle_limits(*check);
  if (!check->renewed.empty()) renew(*check);
  const bool logs_in = check->verdict.right && check->is_login;
  check->then(std::move(check->verdict));
  // While the login waits for its claim: a lock that is in the way of both costs its time once.
  if (logs_in) remember_network(*check);
}

void Passwords::settle_limits(const Check& check) {
  const bool untried = check.verdict.refusal.has_value();
  if (untried || check.verdict.right) throttle_.take_back(check.made);
  if (untried) context_.rates.give_back(check.proofs);
  if (untried || !check.verdict.right) context_.rates.give_back(check.right_proofs);
}

void Passwords::remember_network(const Check& check) {
  const UnixMillis now = context_.clock.unix_millis();
  const UnixMillis step = std::chrono::milliseconds(kNetworkStep).count();
  if (check.last_seen && now - *check.last_seen < step) return;
  auto lease = context_.pool.lease();
  if (!lease) return;
  const auto done = storage::transact(**lease, [&]() -> Result<void> {
    return storage::NetworkModel(**lease).remember(check.user.id, check.network, now);
  });
  if (done) return;
  log::limited(log::Level::kWarn, network_lines, "event=network_not_remembered user={} what={}",
               check.user.id.value, log::quoted(done.error().message));
}

// A failure is no harm: the next login tries again. But what the account's hash is must be known.
void Passwords::renew(Check& check) {
  PasswordVerdict& verdict = check.verdict;
  const auto replaced = storage::transact_settled(
      context_.pool, [&](storage::Connection& connection, bool repeated) -> Result<bool> {
        storage::UserModel users(connection);
        auto done = users.replace_password(check.user.id, verdict.stored, check.renewed);
        if (!done || *done || !repeated) return done;
        const auto found = users.find(check.user.id);
        if (!found) return fail(found);
        return *found && (*found)->password_hash == check.renewed;
      });
  if (!replaced && is_unknown(replaced.error())) {
    verdict.refusal = delivery::refusal_of(replaced.error());
    verdict.right = false;
  }
  if (!replaced || !*replaced) return;
  verdict.stored = check.renewed;
  log::limited(log::Level::kInfo, rehash_lines, "event=password_rehashed user={}",
               check.user.id.value);
}

void Passwords::hash(session::Session& session, std::string password, const Hashed& then) {
  session.suspend();
  auto self = session.shared_from_this();
  const auto untried = [then] { then(fail(ErrorCode::kBusy, "too many passwords wait")); };
  const bool posted = others_.try_post(
      session.peer().network(), false,
      [this, self, then, password = std::move(password)] {
        self->resume([then, hash = context_.hasher.hash(password)] { then(hash); });
      },
      [self, untried] { self->resume(untried); });
  if (posted) return;
  session.resume({});
  untried();
}

}  // namespace chat::service

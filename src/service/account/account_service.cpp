#include "service/account/account_service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/base/sabotage.h"
#include "chat/delivery/refusals.h"
#include "chat/storage/name_key.h"
#include "chat/storage/network_model.h"
#include "chat/storage/session_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/user_model.h"
#include "service/credentials/token.h"
#include "service/dispatch/audit.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/session_fence.h"
#include "service/groups/departures.h"

namespace chat::service {
namespace {

using base::Sabotage;
using base::sabotaged;
using session::Coroutine;
using session::Session;
using storage::SessionModel;

// The length of the hash prefix by which clients name a token: enough to distinguish a user's
// tokens, and useless for anything else.
constexpr std::size_t kSessionNameLength = 16;

constinit log::Limiter account_lines{log::kAccountLines};

void log_account(const char* event, UserId user, const Session& session) {
  log::limited(log::Level::kInfo, account_lines, "event={} user={} peer={}", event, user.value,
               session.peer().to_string());
}

std::string_view session_name(std::string_view token_hash) {
  return token_hash.substr(0, kSessionNameLength);
}

base::NamedBucket registrations_of(const Session& session, const base::Rate& rate) {
  return {"register:" + session.peer().network(), rate};
}

std::string account_of(std::string_view name) {
  return "name:" + storage::name_key(name);
}
std::string account_of(UserId user) {
  return "id:" + std::to_string(user.value);
}

// Calls `read(connection)` with a connection of the pool.
template <typename Read>
auto with_lease(storage::Pool& pool, Read read)
    -> std::invoke_result_t<Read&, storage::Connection&> {
  auto lease = pool.lease();
  if (!lease) return fail(lease);
  return read(**lease);
}

struct NewAccount {
  std::string_view name;
  std::string_view hash;
  const std::optional<std::string>& code;  // of an invitation
};

// Nothing if the name is taken. `repeated`: an earlier attempt may have stored the user, recognised
// by its hash with the random salt.
Outcome<std::optional<UserId>> insert_user(storage::Connection& connection,
                                           RegistrationPolicy& policy, const NewAccount& account,
                                           UnixMillis now, bool repeated) {
  const auto& [name, hash, code] = account;
  storage::UserModel users(connection);
  const auto id = users.insert(name, hash, now);
  if (!id) return failed(id);
  if (*id) {
    if (auto entered = policy.enter(connection, code); !entered) {
      return tl::make_unexpected(entered.error());
    }
  }
  if (*id || !repeated) return *id;
  const auto holder = users.find_by_name(name);
  if (!holder) return failed(holder);
  if (*holder && (*holder)->password_hash == hash) return std::optional((*holder)->id);
  return std::optional<UserId>();
}

// How many tokens were revoked; nothing if `stored` is no longer the password hash. `repeated`: an
// earlier attempt may have stored `hash`.
Result<std::optional<std::size_t>> change(storage::Connection& connection,
                                          const session::Identity& self, std::string_view stored,
                                          std::string_view hash, bool repeated) {
  storage::UserModel users(connection);
  auto replaced = users.replace_password(self.user, stored, hash);
  if (!replaced) return fail(replaced);
  if (!*replaced) {
    if (!repeated) return std::optional<std::size_t>();
    const auto user = users.find(self.user);
    if (!user) return fail(user);
    if (!*user || (*user)->password_hash != hash) return std::optional<std::size_t>();
  }
  auto revoked = SessionModel(connection).erase_others(self.user, to_hex(self.token_hash));
  if (!revoked) return fail(revoked);
  return std::optional(*revoked);
}

// How many tokens were deleted; a repeated attempt does not count those that an earlier one
// deleted.
Result<std::size_t> revoke(storage::Connection& connection, const session::Identity& self,
                           const messages::RevokeSession& request, UnixMillis now) {
  SessionModel tokens(connection);
  if (request.others) return tokens.erase_others(self.user, to_hex(self.token_hash));
  auto listed = tokens.list(self.user, now);
  if (!listed) return fail(listed);
  for (const storage::Token& token : *listed) {
    if (session_name(token.token_hash) != request.session) continue;
    if (auto erased = tokens.erase(token.token_hash); !erased) return fail(erased);
    return std::size_t{1};
  }
  return std::size_t{0};
}

protocol::Refusal name_taken() {
  return failed("this name is taken");
}

protocol::Refusal wrong_own_password() {
  return failed("the password is wrong");
}

}  // namespace

AccountService::AccountService(ServiceContext& context, Passwords& passwords, LoginService& login,
                               RegistrationPolicy& registration)
    : context_(context),
      passwords_(passwords),
      login_(login),
      registration_(registration),
      registrations_{context.options.register_per_minute, context.options.register_per_minute,
                     std::chrono::minutes(1)} {}

Coroutine<> AccountService::register_user(SessionPtr session,
                                          Received<messages::Register> request) {
  const std::string& name = request.name;
  auto fault = protocol::name_fault(name);
  if (!fault) fault = protocol::password_fault(request.password);
  if (fault) co_return refuse(*session, request, failed(*fault));
  // Counted even if the name is taken, because the reply reveals which names are.
  const auto bucket = registrations_of(*session, registrations_);
  const auto wait = context_.rates.take({&bucket, 1}).value_or(std::chrono::milliseconds(0));
  if (wait.count() > 0) co_return refuse(*session, request, rate_limited(wait));
  auto holder = with_lease(context_.pool, [&](storage::Connection& connection) {
    return storage::UserModel(connection).find_by_name(name);
  });
  if (!holder) co_return refuse(*session, request, holder.error());
  if (*holder) {
    const UserId id = (*holder)->id;
    const bool ours = co_await is_of_an_earlier_attempt(session, request, std::move(**holder));
    if (ours) registered(*session, request, id);
    co_return;
  }
  const auto refusal = registration_.check(request.invite);
  if (!refusal) co_return refuse(*session, request, refusal.error());
  if (*refusal) co_return refuse(*session, request, **refusal);
  const auto hash = co_await passwords_.hash(session, request.password);
  if (!hash) {
    context_.rates.give_back({&bucket, 1});
    co_return refuse(*session, request, hash.error());
  }
  const bool settles = !sabotaged(Sabotage::kForgetRegistrations);
  const auto id = storage::transact_settled(
      context_.pool,
      [&](storage::Connection& connection, bool repeated) {
        return insert_user(connection, registration_, {name, *hash, request.invite},
                           context_.clock.unix_millis(), repeated);
      },
      settles);
  if (!id) {
    if (is_unknown(id.error()) && settles) unsettled_hashes_.add(account_of(name), *hash);
    co_return refuse(*session, request, id.error());
  }
  if (!*id) co_return refuse(*session, request, name_taken());
  registered(*session, request, **id);
}

Coroutine<bool> AccountService::is_of_an_earlier_attempt(
    SessionPtr session, const Received<messages::Register>& request, storage::User holder) {
  const std::string account = account_of(request.name);
  if (!unsettled_hashes_.has(account, holder.password_hash)) {
    refuse(*session, request, name_taken());
    co_return false;
  }
  const auto verdict = co_await passwords_.check_login(session, holder, account, request.password);
  if (verdict.right) {
    unsettled_hashes_.erase(account);
    co_return true;
  }
  refuse(*session, request, verdict.refusal.value_or(name_taken()));
  co_return false;
}

void AccountService::registered(Session& session, const RequestHead& request, UserId user) {
  send_reply(session, request, messages::RegisterReply{.id = user});
  log_account("registered", user, session);
  audit(context_, "registered", session, user);
}

Coroutine<std::optional<std::string>> AccountService::confirm(SessionPtr session,
                                                              const Proof& proof) {
  if (!admit(context_, *session, proof.head, Action::kManageAccount)) co_return std::nullopt;
  const UserId self = session->identity().user;
  auto user = with_lease(context_.pool, [&](storage::Connection& connection) {
    return storage::UserModel(connection).find(self);
  });
  if (!user) {
    refuse(*session, proof.head, user.error());
    co_return std::nullopt;
  }
  if (!*user) {
    co_await account_gone(session, proof.head);
    co_return std::nullopt;
  }
  auto verdict = co_await passwords_.confirm(session, **user, proof.password);
  if (verdict.right) co_return std::move(verdict.stored);
  if (!verdict.refusal && co_await is_changed_already(session, proof, **user)) {
    co_return std::nullopt;
  }
  if (!verdict.refusal) audit(context_, "password_wrong", *session, self);
  refuse(*session, proof.head, verdict.refusal.value_or(wrong_own_password()));
  co_return std::nullopt;
}

// The old password may be wrong because an earlier attempt to change it took effect. If the new one
// is already current, the request succeeds.
Coroutine<bool> AccountService::is_changed_already(SessionPtr session, const Proof& proof,
                                                   storage::User user) {
  const bool repeats =
      proof.new_password && unsettled_hashes_.has(account_of(user.id), user.password_hash);
  if (!repeats) co_return false;
  const auto verdict = co_await passwords_.confirm(session, user, *proof.new_password);
  if (verdict.right) {
    password_changed(*session, proof.head, 0);
    co_return true;
  }
  if (!verdict.refusal) co_return false;
  refuse(*session, proof.head, *verdict.refusal);
  co_return true;
}

// An earlier request to delete the account was answered `unavailable` but took effect.
Coroutine<> AccountService::account_gone(SessionPtr session, const RequestHead& request) {
  if (sabotaged(Sabotage::kForgetDeletions)) {
    co_return refuse(*session, request, wrong_own_password());
  }
  if (request.msgid == protocol::Msgid::kDeleteAccount) {
    co_return co_await finish_removal(session, request, {});
  }
  co_await login_.sign_off(session);
  refuse(*session, request,
         protocol::Refusal{protocol::Errno::kNotLoggedIn, "this account was deleted", {}});
}

Coroutine<> AccountService::change_password(SessionPtr session,
                                            Received<messages::ChangePassword> request) {
  if (auto fault = protocol::password_fault(request.new_password)) {
    co_return refuse(*session, request, failed(*fault));
  }
  const Proof proof{request, request.password, request.new_password};
  const auto stored = co_await confirm(session, proof);
  if (!stored) co_return;
  const auto hash = co_await passwords_.hash(session, request.new_password);
  if (!hash) co_return refuse(*session, request, hash.error());
  const session::Identity& self = session->identity();
  std::size_t most = 0;
  const bool settles = !sabotaged(Sabotage::kForgetPasswords);
  const auto revoked = transact_fenced(
      context_.pool, self, kOwnRowFence,
      [&](storage::Connection& connection, bool repeated) -> Outcome<std::optional<std::size_t>> {
        const auto count = change(connection, self, *stored, *hash, repeated);
        if (!count) return failed(count);
        if (*count) most = std::max(most, **count);
        return *count;
      },
      settles);
  if (!revoked) {
    if (is_unknown(revoked.error()) && settles) unsettled_hashes_.add(account_of(self.user), *hash);
    co_return refuse(*session, request, revoked.error());
  }
  // The password was changed concurrently.
  if (!*revoked) co_return refuse(*session, request, wrong_own_password());
  password_changed(*session, request, most);
}

void AccountService::password_changed(Session& session, const RequestHead& request,
                                      std::size_t revoked) {
  const UserId user = session.identity().user;
  unsettled_hashes_.erase(account_of(user));
  send_reply(session, request,
             messages::ChangePasswordReply{.revoked = static_cast<std::int64_t>(revoked)});
  log_account("password_changed", user, session);
  audit(context_, "password_changed", session, user);
}

Coroutine<> AccountService::delete_account(SessionPtr session,
                                           Received<messages::DeleteAccount> request) {
  const Proof proof{request, request.password, std::nullopt};
  const auto stored = co_await confirm(session, proof);
  if (!stored) co_return;
  const UserId self = session->identity().user;
  Audience audience;
  const auto removed = storage::transact_settled(
      context_.pool,
      [&](storage::Connection& connection, bool repeated) -> Outcome<bool> {
        if (repeated) {
          const auto gone = storage::UserModel(connection).is_removed_locked(self);
          if (!gone) return failed(gone);
          if (*gone) return true;
        }
        auto held = hold_fence(connection, session->identity(), kOwnRowFence, repeated);
        if (!held) return tl::make_unexpected(std::move(held.error()));
        return remove_rows(connection, session->identity(), *stored, audience);
      },
      !sabotaged(Sabotage::kForgetDeletions));
  if (!removed) {
    if (is_unknown(removed.error())) settle_removal(*session, std::move(audience));
    co_return refuse(*session, request, removed.error());
  }
  if (!*removed) co_return refuse(*session, request, wrong_own_password());
  log_account("account_deleted", self, *session);
  audit(context_, "account_deleted", *session, self);
  // cppcheck-suppress accessMoved
  co_await finish_removal(session, request, std::move(audience));
}

// The account is deleted: logs out its sessions.
Coroutine<> AccountService::finish_removal(SessionPtr session, const RequestHead& request,
                                           // cppcheck-suppress passedByValue
                                           Audience audience) {
  const session::Identity self = session->identity();
  co_await login_.sign_off(session);
  send_reply(*session, request, messages::DeleteAccountReply{});
  tell(self, audience);
  context_.departures.leave_first(self.user);
}

// The session continues until the outcome is known. If the account is deleted, the session ends
// with BYE, because its client was told `unavailable` and may have sent other requests since.
void AccountService::settle_removal(Session& session, Audience audience) {
  if (sabotaged(Sabotage::kForgetDeletions)) return;
  context_.settle_queue.add(
      session, "delete_account user=" + std::to_string(session.identity().user.value),
      [this, self = session.identity(), weak = session.weak_from_this(),
       audience =
           std::move(audience)](storage::Connection& connection) -> Result<SettleQueue::Act> {
        const auto removed = storage::UserModel(connection).is_removed_locked(self.user);
        if (!removed) return fail(removed);
        if (!*removed) return SettleQueue::Act();
        return [this, self, weak, audience] {
          tell(self, audience);
          context_.departures.note(self.user);
          const auto handle = weak.lock();
          if (handle == nullptr) return;
          log_account("account_deleted", self.user, *handle);
          audit(context_, "account_deleted", *handle, self.user);
          if (handle == context_.registry.find(self.user)) handle->evict("account_deleted");
        };
      });
}

void AccountService::list_sessions(Session& session, const Received<messages::Sessions>& request) {
  if (!admit(context_, session, request, Action::kManageAccount)) return;
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const session::Identity& self = session.identity();
  const auto tokens = SessionModel(**lease).list(self.user, context_.clock.unix_millis());
  if (!tokens) return refuse(session, request, tokens.error());
  const std::string current = to_hex(self.token_hash);
  messages::SessionsReply reply;
  for (const storage::Token& token : *tokens) {
    reply.sessions.push_back({.session = session_name(token.token_hash),
                              .created = token.created_at,
                              .expires = token.expires_at,
                              .current = token.token_hash == current});
  }
  send_reply(session, request, reply);
}

void AccountService::revoke_session(Session& session,
                                    const Received<messages::RevokeSession>& request) {
  if (!admit(context_, session, request, Action::kManageAccount)) return;
  const bool others = request.others;
  if (others == request.session.has_value()) {
    return refuse(session, request, bad_field("one of session and others must be given"));
  }
  const session::Identity& self = session.identity();
  std::size_t most = 0;
  const auto revoked = transact_fenced(
      context_.pool, self, kOwnRowFence,
      [&](storage::Connection& connection, bool /*repeated*/) -> Outcome<std::size_t> {
        const auto count = revoke(connection, self, request, context_.clock.unix_millis());
        if (!count) return failed(count);
        most = std::max(most, *count);
        return *count;
      });
  if (!revoked) return refuse(session, request, revoked.error());
  if (!others && most == 0) return refuse(session, request, not_found("no such session"));
  send_reply(session, request,
             messages::RevokeSessionReply{.revoked = static_cast<std::int64_t>(most)});
  audit(context_, "sessions_revoked", session, self.user);
}

}  // namespace chat::service

#include "service/login/login_service.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/log_limiter.h"
#include "chat/base/queue_wait.h"
#include "chat/base/sabotage.h"
#include "chat/delivery/recipients.h"
#include "chat/delivery/refusals.h"
#include "chat/storage/session_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/user_model.h"
#include "service/credentials/token.h"
#include "service/dispatch/audit.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/session_fence.h"
#include "service/login/login_reply.h"
#include "service/login/login_watch.h"

namespace chat::service {
namespace {

using delivery::refusal_of;
using protocol::Errno;
using protocol::Refusal;
using session::Coroutine;
using session::Session;
using FoundOwner = Result<std::optional<storage::TokenOwner>>;

constinit log::Limiter failure_lines{log::kUsualLines};
constinit log::Limiter abandoned_lines{log::kUsualLines};
constinit log::Limiter login_lines{log::kAccountLines};
constinit log::Limiter logout_lines{log::kAccountLines};

constexpr std::chrono::minutes kTokenWindow{1};
// How many invalid tokens an address may send per allowed wrong password: whole offices may return
// with expired tokens, then log in by password.
constexpr std::int64_t kTokensPerPassword = 10;

base::NamedBucket invalid_tokens_of(const Session& session, const ServiceOptions& options) {
  const std::int64_t limit = kTokensPerPassword * options.login_failures_per_minute;
  return {"tokens:" + session.peer().network(), {limit, limit, kTokenWindow}};
}

std::optional<Refusal> login_fault(const messages::Login& request) {
  if (request.token) return std::nullopt;
  if (!request.id && !request.name) return bad_field("id or name must be given");
  if (!request.password) return bad_field("password is missing");
  return std::nullopt;
}

Refusal invalid_token() {
  return {Errno::kInvalidToken, "this token is not valid: log in with the password", std::nullopt};
}

Refusal wrong_password() {
  return failed("account or password is wrong");
}

// Only the right password reveals this.
Refusal account_disabled() {
  return failed("this account is disabled: ask the server's operator");
}

Refusal already_online() {
  return {Errno::kAlreadyOnline, "this account is logged in elsewhere", std::nullopt};
}

}  // namespace

// The state of one login.
struct LoginService::Login {
  SessionPtr session;
  Received<messages::Login> request;
  bool by_token = false;
  std::string token;  // to be sent in the reply
  session::TokenHash token_hash{};

  storage::User user{};                   // id 0: no such account
  UnixMillis token_ends = 0;              // expiry of the token used to log in
  std::optional<UnixMillis> last_seen{};  // for logins by password: from this network
  bool claimed = false;
  bool held_here = false;       // until now, by a session on this node
  bool held_elsewhere = false;  // likewise on another node
  std::vector<GroupId> groups{};
  Welcome welcome{};

  std::shared_ptr<LoginWatch> watch{};

  // A token suffices to take over one's own older session. A client that has hung up must not,
  // because it would only evict a later login of the same client.
  bool takes_over() const { return (by_token || request.takeover) && !session->ending(); }
};

LoginService::LoginService(ServiceContext& context, Passwords& passwords, ChatAllowance& allowance)
    : context_(context), passwords_(passwords), allowance_(allowance), batches_(context) {}

Coroutine<> LoginService::login(SessionPtr session, Received<messages::Login> request) {
  if (auto refusal = login_fault(request)) co_return refuse(*session, request, *refusal);
  const auto login = std::make_shared<Login>();
  login->session = session;
  login->request = std::move(request);
  login->watch = std::make_shared<LoginWatch>(context_, session);
  login->by_token = login->request.token.has_value();
  login->token = login->request.token ? *login->request.token : make_token();
  login->token_hash = hash_token(login->token);

  const Refused refused = co_await log_in(login);
  if (!refused) co_return welcome(*login);
  refuse(*session, login->request, *refused);
  // cppcheck-suppress missingReturn
  if (login->claimed) co_await release(session);
}

LoginService::Step LoginService::log_in(LoginPtr login) {
  Refused refused;
  if (login->by_token) {
    refused = co_await prove_by_token(login);
  } else {
    refused = co_await prove_by_password(login);
  }
  // The client has disconnected: claim nothing.
  if (!refused && login->session->gone()) refused = busy();
  if (!refused) refused = pass_login_limit(*login);
  if (!refused) refused = co_await reserve(login);
  if (!refused) refused = co_await claim(login);
  if (refused) co_return refused;
  co_await attach(login);
  if (login->held_elsewhere) co_await take_over(login);
  co_return co_await ask_for_welcome(login);
}

LoginService::Step LoginService::prove_by_token(LoginPtr login) {
  if (auto refused = pass_token_limit(*login)) co_return refused;
  session::Wait<FoundOwner> wait(login->session->strand());
  const bool asked = batches_.find(
      to_hex(login->token_hash),
      [answer = wait.answer()](FoundOwner&& owner) { (void)answer(std::move(owner)); });
  if (!asked && wait.cancel()) co_return busy();
  FoundOwner owner = *co_await wait;
  if (!owner) co_return refusal_of(owner.error());
  if (!*owner) {
    recent_tokens_.remove(login->token_hash);
    const auto bucket = invalid_tokens_of(*login->session, context_.options);
    (void)context_.rates.take({&bucket, 1});
    co_return login_failed(*login, invalid_token());
  }
  recent_tokens_.add(login->token_hash);
  login->user.id = (*owner)->user;
  login->user.name = std::move((*owner)->name);
  login->user.password_hash = std::move((*owner)->password_hash);
  login->token_ends = (*owner)->expires_at;
  co_return std::nullopt;
}

// Tokens cannot be guessed, so this only bounds the cost of attempts. A client whose token was
// recently valid here is not limited by others at its address.
LoginService::Refused LoginService::pass_token_limit(const Login& login) {
  const auto bucket = invalid_tokens_of(*login.session, context_.options);
  if (bucket.rate.per_period == 0 || recent_tokens_.contains(login.token_hash)) return std::nullopt;
  const auto wait = context_.rates.wait_for(bucket);
  if (wait.count() == 0) return std::nullopt;
  return rate_limited(wait);
}

LoginService::Step LoginService::prove_by_password(LoginPtr login) {
  if (auto found = find_account(*login); !found) co_return refusal_of(found.error());
  const messages::Login& request = login->request;
  std::string account = request.id ? "id:" + std::to_string(request.id->value)
                                   : "name:" + storage::name_key(*request.name);
  auto verdict = co_await passwords_.check_login(login->session, login->user, std::move(account),
                                                 *request.password);
  if (verdict.refusal) co_return verdict.refusal;
  if (!verdict.right) co_return login_failed(*login, wrong_password());
  if (login->user.disabled) co_return login_failed(*login, account_disabled());
  login->user.password_hash = std::move(verdict.stored);
  login->last_seen = verdict.last_seen;
  co_return std::nullopt;
}

Result<void> LoginService::find_account(Login& login) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  const messages::Login& request = login.request;
  storage::UserModel users(**lease);
  auto user = request.id ? users.find(*request.id) : users.find_by_name(*request.name);
  if (!user) return fail(user);
  if (*user) login.user = std::move(**user);
  return {};
}

Refusal LoginService::login_failed(const Login& login, Refusal refusal) {
  log::limited(log::Level::kInfo, failure_lines, "event=login_failed peer={}",
               login.session->peer().to_string());
  audit(context_, "login_failed", *login.session, login.user.id);
  return refusal;
}

// Limits successful logins per account, because each costs transactions and pushes to friends.
LoginService::Refused LoginService::pass_login_limit(const Login& login) {
  const std::int64_t limit = context_.options.logins_per_minute;
  if (limit == 0) return std::nullopt;
  const base::NamedBucket bucket{"logins:" + std::to_string(login.user.id.value),
                                 {limit, limit, kTokenWindow},
                                 base::BucketKind::kAccount};
  const auto wait = context_.rates.take({&bucket, 1}).value_or(std::chrono::milliseconds(0));
  if (wait.count() == 0) return std::nullopt;
  return rate_limited(wait);
}

LoginService::Step LoginService::reserve(LoginPtr login) {
  using session::Registry;
  Session& session = *login->session;
  const UserId user = login->user.id;
  const Refusal too_late = refusal_of({ErrorCode::kUnavailable, "an older session does not end"});
  for (bool holder_probed = false;;) {
    session::Wait<session::Done> left(session.strand());
    login->watch->watch(left.give_up());
    const auto reservation = context_.registry.reserve(
        user, login->session, login->takes_over(), [answer = left.answer()] { (void)answer(); });
    if (reservation == Registry::Reservation::kWait) {
      login->held_here = login->takes_over();
      if (!co_await left) co_return too_late;
      continue;
    }
    if (!left.cancel()) {  // timed out meanwhile
      co_await left;
      if (reservation == Registry::Reservation::kGranted) context_.registry.release(user, session);
      co_return too_late;
    }
    if (reservation == Registry::Reservation::kGranted) co_return std::nullopt;
    if (std::exchange(holder_probed, true)) co_return already_online();
    // A client that reconnects must not conflict with its own closed connection.
    const auto holder = context_.registry.find(user);
    if (holder == nullptr) continue;
    session::Wait<session::Done> probed(session.strand());
    holder->probe([answer = probed.answer()] { (void)answer(); });
    co_await probed;
  }
}

LoginService::Step LoginService::claim(LoginPtr login) {
  Session& session = *login->session;
  ClaimRequest request{login->user.id, login->takes_over(), to_hex(login->token_hash),
                       std::nullopt};
  if (login->by_token) request.token_ends = login->token_ends;
  session::Wait<Result<ClaimAnswer>> wait(session.strand());
  login->watch->watch(wait.give_up());
  const bool asked =
      batches_.claim(request, [this, login, answer = wait.answer()](Result<ClaimAnswer>&& claim) {
        // cppcheck-suppress accessMoved
        if (!answer(std::move(claim))) claimed_too_late(*login, claim);
      });
  if (!asked && wait.cancel()) {
    context_.registry.release(login->user.id, session);
    co_return busy();
  }
  // Done while the claim waits, so that a lock that affects both is waited for once.
  if (!login->by_token) passwords_.remember_network(session, login->user.id, login->last_seen);
  auto answer = co_await wait;
  if (!answer) {
    // The user's next login waits until the outcome of this claim is known.
    context_.registry.leaving(login->user.id, session);
    if (!asked) context_.registry.release(login->user.id, session);
    co_return refusal_of({ErrorCode::kUnavailable, "the database is too slow"});
  }
  if (*answer && (*answer)->claim.outcome == storage::Claim::Outcome::kAlone) {
    request.unsure = (*answer)->unsure;
    request.held_elsewhere = (*answer)->claim.held_elsewhere;
    const base::QueueWait queue_wait(login->watch->accepted());
    answer = batches_.claim_alone(request);
  }
  co_return claimed(*login, std::move(*answer));
}

LoginService::Refused LoginService::claimed(Login& login, Result<ClaimAnswer> answer) {
  Session& session = *login.session;
  if (answer && answer->claim.outcome == storage::Claim::Outcome::kClaimed) {
    const SessionEpoch epoch = answer->claim.epoch;
    login.claimed = true;
    login.held_elsewhere = answer->claim.held_elsewhere && !context_.delivery.alone();
    context_.registry.claimed(login.user.id, session, epoch);
    allowance_.logged_in(login.user.id, epoch);
    session.set_identity(
        {login.user.id, login.request.ack, login.user.name, epoch, login.token_hash});
    if (!answer->groups) return abandoned(login, answer->groups.error());
    login.groups = std::move(*answer->groups);
    return std::nullopt;
  }
  context_.registry.release(login.user.id, session);
  if (!answer && is_unknown(answer.error())) settle_claim(session, login.user.id);
  if (!answer) return refusal_of(answer.error());
  return already_online();
}

// The client was told to try again.
void LoginService::claimed_too_late(const Login& login, const Result<ClaimAnswer>& answer) {
  const bool may_be_claimed =
      // cppcheck-suppress accessMoved
      answer ? answer->unsure || answer->claim.outcome == storage::Claim::Outcome::kClaimed
             : is_unknown(answer.error());
  if (may_be_claimed) settle_claim(*login.session, login.user.id);
  context_.registry.release(login.user.id, *login.session);
}

// The table may assign the user to this node although no session has it. Then releases it, unless a
// newer login of this node has claimed it since.
void LoginService::settle_claim(Session& session, UserId user) {
  if (base::sabotaged(base::Sabotage::kForgetClaims)) return;
  context_.settle_queue.add(
      session, "claim user=" + std::to_string(user.value),
      [this, user](storage::Connection& connection) -> Result<SettleQueue::Act> {
        storage::UserModel users(connection);
        const auto state = users.state_locked(user);
        if (!state) return fail(state);
        const storage::Node& here = context_.node;
        const bool ours = *state && (*state)->online && (*state)->holder.id == here.id &&
                          (*state)->holder.epoch == here.epoch;
        if (ours && context_.registry.find(user) != nullptr) {
          const bool in_use = context_.registry.look_up(user).sure;
          if (in_use) return SettleQueue::Act();
          return fail(ErrorCode::kBusy, "another login of the user is in progress");
        }
        if (ours) {
          auto released = users.release(user, (*state)->session_epoch);
          if (!released) return fail(released);
        }
        return [this, user] { context_.delivery.presence_changed(user); };
      });
}

Coroutine<> LoginService::attach(LoginPtr login) {
  session::Wait<session::Done> attached(login->session->strand());
  context_.delivery.recipients().attach(login->session, login->user.id, login->request.ack,
                                        std::move(login->groups),
                                        [answer = attached.answer()] { (void)answer(); });
  co_await attached;
}

Coroutine<> LoginService::take_over(LoginPtr login) {
  session::Wait<session::Done> left(login->session->strand());
  context_.delivery.take_over(login->user.id, login->session->identity().epoch,
                              [answer = left.answer()] { (void)answer(); });
  co_await left;
}

LoginService::Step LoginService::ask_for_welcome(LoginPtr login) {
  while (true) {
    const WelcomeRequest request{login->user.id, login->session->identity().epoch,
                                 to_hex(login->token_hash),
                                 login->by_token ? "" : login->user.password_hash};
    session::Wait<Result<Welcome>> wait(login->session->strand());
    login->watch->watch(wait.give_up());
    const bool asked = batches_.welcome(
        request,
        [answer = wait.answer()](Result<Welcome>&& welcome) { (void)answer(std::move(welcome)); });
    if (!asked && wait.cancel()) {
      co_return abandoned(*login, {ErrorCode::kBusy, "too many logins are waiting"});
    }
    auto welcome = co_await wait;
    if (!welcome) {
      co_return abandoned(*login, {ErrorCode::kUnavailable, "the database is too slow"});
    }
    if (!*welcome) co_return abandoned(*login, welcome->error());
    login->welcome = std::move(**welcome);
    const Welcome::Outcome outcome = login->welcome.outcome;
    if (outcome == Welcome::Outcome::kWelcome) co_return std::nullopt;
    if (outcome != Welcome::Outcome::kOtherHash) co_return turned_away(*login, outcome);
    // Another login may have hashed the same password again with higher parameters; only checking
    // the password distinguishes that from a change.
    std::string hash = std::move(login->welcome.password_hash);
    const auto verdict =
        co_await passwords_.check_again(login->session, hash, *login->request.password);
    if (verdict.refusal) {
      co_return abandoned(*login, {ErrorCode::kBusy, "a password was not checked"});
    }
    if (!verdict.right) co_return turned_away(*login, outcome);
    login->user.password_hash = std::move(hash);
  }
}

// The password was changed, the token revoked or the account deleted during this login, so its
// credentials, and the token made for it, are no longer valid.
Refusal LoginService::turned_away(const Login& login, Welcome::Outcome outcome) {
  if (outcome == Welcome::Outcome::kClaimedElsewhere) return already_online();
  recent_tokens_.remove(login.token_hash);
  if (auto revoked = revoke(login.token_hash); !revoked) return abandoned(login, revoked.error());
  if (login.by_token) return invalid_token();
  return outcome == Welcome::Outcome::kDisabled ? account_disabled() : wrong_password();
}

Refusal LoginService::abandoned(const Login& login, const Error& error) {
  log::limited(log::Level::kWarn, abandoned_lines, "event=login_abandoned user={} what={}",
               login.user.id.value, log::quoted(error.message));
  return refusal_of(error);
}

void LoginService::welcome(Login& login) {
  Session& session = *login.session;
  Pending& pending = login.welcome.pending;
  OkReply reply(login.request);
  write_login_reply(reply, login.user.id, login.user.name, login.token, pending,
                    login.welcome.lists, context_.options.node);
  if (session.classic()) trim_to_classic(reply, session.classic_numbers(), pending);
  reply.send(session);

  const bool heartbeat = login.request.heartbeat;
  session.post_to_loop([self = login.session, heartbeat] { self->socket().logged_in(heartbeat); });
  session.flush_replies();
  context_.delivery.recipients().open(login.session, std::move(pending.positions),
                                      std::move(pending.first_page));
  context_.delivery.presence_changed(login.user.id);
  log::limited(log::Level::kInfo, login_lines, "event=login user={} peer={}", login.user.id.value,
               session.peer().to_string());
  audit(context_, login.held_elsewhere || login.held_here ? "takeover" : "login", session,
        login.user.id);
}

// The reply confirms that the token is revoked, so it waits for the commit.
Coroutine<> LoginService::logout(SessionPtr session, Received<messages::Logout> request) {
  const session::TokenHash token = session->identity().token_hash;
  const auto revoked = transact_fenced(
      context_.pool, session->identity(), {},
      [&token](storage::Connection& connection, bool /*repeated*/) -> Outcome<void> {
        auto erased = storage::SessionModel(connection).erase(to_hex(token));
        if (!erased) return failed(erased);
        return {};
      });
  if (!revoked) co_return refuse(*session, request, revoked.error());
  co_await sign_off(session);
  send_reply(*session, request, messages::LogoutReply{});
}

Result<void> LoginService::revoke(const session::TokenHash& token_hash) {
  return storage::transact_settled(
      context_.pool, [&](storage::Connection& connection, bool /*repeated*/) {
        return storage::SessionModel(connection).erase(to_hex(token_hash));
      });
}

Coroutine<> LoginService::sign_off(SessionPtr session) {
  co_await release(session);
  session->post_to_loop([session] { session->socket().logged_out(); });
}

Coroutine<> LoginService::release(SessionPtr session) {
  const session::Identity self = session->identity();
  if (!self.user) co_return;
  session->set_identity({});
  context_.registry.leaving(self.user, *session);
  session::Wait<session::Done> detached(session->strand());
  context_.delivery.recipients().detach(session, [answer = detached.answer()] { (void)answer(); });
  co_await detached;
  session::Wait<bool> released(session->strand());
  context_.delivery.release(self.user, self.epoch, [answer = released.answer()](bool newest) {
    (void)answer(bool{newest});
  });
  const bool newest = *co_await released;
  context_.registry.release(self.user, *session);
  if (!newest) context_.delivery.tell_gone(self.user, self.epoch);
  log::limited(log::Level::kInfo, logout_lines, "event=logout user={}", self.user.value);
}

}  // namespace chat::service

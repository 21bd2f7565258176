#include "service/login/login_service.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/log_limiter.h"
#include "chat/base/queue_wait.h"
#include "chat/base/sabotage.h"
#include "chat/protocol/limits.h"
#include "chat/storage/session_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/user_model.h"
#include "service/credentials/token.h"
#include "service/dispatch/audit.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/replies.h"
#include "service/login/login_reply.h"

namespace chat::service {
namespace {

using protocol::Errno;
using protocol::Refusal;
using protocol::Request;
using session::Session;

constinit log::Limiter failure_lines{log::kUsualLines};
constinit log::Limiter abandoned_lines{log::kUsualLines};
constinit log::Limiter login_lines{log::kAccountLines};
constinit log::Limiter logout_lines{log::kAccountLines};

constexpr std::chrono::minutes kTokenWindow{1};
// The refusal of a login that takes too long is sent so much before its time is over.
constexpr std::chrono::milliseconds kAnswerMargin{250};
// Where the database is in trouble: after this, and later looked for so often.
constexpr std::chrono::milliseconds kTroubledPatience{1'700};
constexpr std::chrono::milliseconds kLookInterval{1'000};
constexpr std::chrono::milliseconds kLookAgain{50};  // at one that is between two steps
// An address may come with so many invalid tokens for each wrong password that it may try: whole
// offices come back with tokens that have expired, then log in by password.
constexpr std::int64_t kTokensPerPassword = 10;

base::NamedBucket invalid_tokens_of(const Session& session, const ServiceOptions& options) {
  const std::int64_t limit = kTokensPerPassword * options.login_failures_per_minute;
  return {"tokens:" + session.peer().network(), {limit, limit, kTokenWindow}};
}

std::optional<Refusal> login_fault(const Request& request) {
  if (request.find("token") != nullptr) return std::nullopt;
  if (request.find("id") == nullptr && request.find("name") == nullptr) {
    return bad_field("id or name must be given");
  }
  if (request.find("password") == nullptr) return bad_field("password is missing");
  return std::nullopt;
}

Refusal invalid_token() {
  return {Errno::kInvalidToken, "this token is not valid: log in with the password", std::nullopt};
}

Refusal wrong_password() {
  return failed("account or password is wrong");
}

Refusal already_online() {
  return {Errno::kAlreadyOnline, "this account is logged in elsewhere", std::nullopt};
}

}  // namespace

// One login on its way through the steps.
struct LoginService::Login {
  std::shared_ptr<Session> session;
  Request request;
  storage::User user;  // id 0: there is no such account
  std::string token;   // what the answer carries
  session::TokenHash token_hash{};
  bool by_token = false;
  UnixMillis token_ends = 0;  // of the token that the client came with

  // A token is proof enough to take over one's own older session. Who has hung up meanwhile would
  // only push out a later login of the same client.
  bool takes_over() const { return (by_token || request.flag("takeover")) && !session->ending(); }
  base::SteadyTime accepted;
  // In `step`. Who clears it goes on with the login: the step's end, or the timer.
  std::atomic<bool> waiting{false};
  std::atomic<bool> timed{false};  // the timer runs
  Step step = Step::kReserve;

  bool end_wait() { return waiting.exchange(false); }
  bool holder_probed = false;
  bool held_here = false;       // until now, by a session on this node
  bool held_elsewhere = false;  // likewise on another node
};

LoginService::LoginService(ServiceContext& context, Passwords& passwords, ChatAllowance& allowance)
    : context_(context), passwords_(passwords), allowance_(allowance), batches_(context) {}

void LoginService::login(Session& session, const Request& request) {
  if (auto refusal = login_fault(request)) return refuse(session, request, *refusal);
  auto login = std::make_shared<Login>();
  login->session = session.shared_from_this();
  login->request = request;
  login->accepted = context_.clock.now();
  login->by_token = request.find("token") != nullptr;
  login->token = login->by_token ? std::string(request.text("token")) : make_token();
  login->token_hash = hash_token(login->token);
  if (login->by_token) return find_token(login);
  if (auto found = find_account(*login); !found) return refuse(session, request, found.error());
  check_password(login);
}

// Tokens can't be guessed, so this only bounds what the guesses cost. A client whose token was
// valid here of late is not held up by others at its address.
bool LoginService::pass_token_limit(const LoginPtr& login) {
  const auto bucket = invalid_tokens_of(*login->session, context_.options);
  if (bucket.rate.per_period == 0 || recent_tokens_.contains(login->token_hash)) return true;
  const auto wait = context_.rates.wait_for(bucket);
  if (wait.count() == 0) return true;
  refuse(*login->session, login->request, rate_limited(wait));
  return false;
}

void LoginService::find_token(const LoginPtr& login) {
  if (!pass_token_limit(login)) return;
  Session& session = *login->session;
  session.suspend();
  const bool asked = batches_.find(to_hex(login->token_hash), [this, login](FoundOwner&& owner) {
    login->session->resume([this, login, owner = std::move(owner)]() mutable {
      token_found(login, std::move(owner));
    });
  });
  if (asked) return;
  session.resume({});
  refuse(session, login->request, busy());
}

void LoginService::token_found(const LoginPtr& login, FoundOwner owner) {
  if (!owner) return refuse(*login->session, login->request, owner.error());
  if (!*owner) {
    recent_tokens_.remove(login->token_hash);
    const auto bucket = invalid_tokens_of(*login->session, context_.options);
    (void)context_.rates.take({&bucket, 1});
    return login_failed(login, invalid_token());
  }
  recent_tokens_.add(login->token_hash);
  login->user.id = (*owner)->user;
  login->user.name = std::move((*owner)->name);
  login->user.password_hash = std::move((*owner)->password_hash);
  login->token_ends = (*owner)->expires_at;
  proved(login);
}

Result<void> LoginService::find_account(Login& login) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  const Request& request = login.request;
  std::optional<UserId> id;
  if (request.find("id") != nullptr) id = request.user_id("id");
  storage::UserModel users(**lease);
  auto user = id ? users.find(*id) : users.find_by_name(request.text("name"));
  if (!user) return fail(user);
  if (*user) login.user = std::move(**user);
  return {};
}

void LoginService::check_password(const LoginPtr& login) {
  const Request& request = login->request;
  const std::string account = request.find("id") != nullptr
                                  ? "id:" + std::to_string(request.user_id("id").value)
                                  : "name:" + storage::name_key(request.text("name"));
  const auto checked = [this, login](PasswordVerdict verdict) {
    if (verdict.refusal) return refuse(*login->session, login->request, *verdict.refusal);
    if (!verdict.right) return login_failed(login, wrong_password());
    login->user.password_hash = std::move(verdict.stored);
    proved(login);
  };
  passwords_.check_login(*login->session, login->user, account,
                         std::string(request.text("password")), checked);
}

void LoginService::login_failed(const LoginPtr& login, const Refusal& refusal) {
  log::limited(log::Level::kInfo, failure_lines, "event=login_failed peer={}",
               login->session->peer().to_string());
  audit(context_, "login_failed", *login->session, login->user.id);
  refuse(*login->session, login->request, refusal);
}

// Whose account it is has been proved. Logging in costs transactions and pushes to friends, so one
// account does it only so often.
void LoginService::proved(const LoginPtr& login) {
  const std::int64_t limit = context_.options.logins_per_minute;
  if (limit > 0) {
    const base::NamedBucket bucket{"logins:" + std::to_string(login->user.id.value),
                                   {limit, limit, kTokenWindow},
                                   base::BucketKind::kAccount};
    const auto wait = context_.rates.take({&bucket, 1}).value_or(std::chrono::milliseconds(0));
    if (wait.count() > 0) return refuse(*login->session, login->request, rate_limited(wait));
  }
  reserve(login);
}

// Suspends the session. An older session does not leave while the database can't take what it has
// to write, and a COMMIT may hang: the client is answered in time all the same.
void LoginService::begin_wait(const LoginPtr& login, Step step) {
  login->session->suspend();
  login->step = step;
  login->waiting = true;
  if (!login->timed.exchange(true)) watch_wait(login);
}

void LoginService::watch_wait(const LoginPtr& login) {
  using Pause = std::chrono::milliseconds;
  const auto waited = std::chrono::floor<Pause>(context_.clock.now() - login->accepted);
  const Pause due = protocol::kLoginTimeout - kAnswerMargin;
  const Pause next = waited < kTroubledPatience ? kTroubledPatience : waited + kLookInterval;
  login->session->post_in_loop(
      [this, weak = std::weak_ptr(login)] {
        if (const LoginPtr late = weak.lock()) look_at_wait(late);
      },
      std::max(std::min(next, due) - waited, kLookAgain));
}

void LoginService::look_at_wait(const LoginPtr& login) {
  const auto waited = context_.clock.now() - login->accepted;
  const bool is_over =
      waited >= protocol::kLoginTimeout - kAnswerMargin || context_.pool.troubled();
  if (is_over && login->end_wait()) {
    login->session->resume([this, login] { time_up(login); });
  } else {
    watch_wait(login);
  }
}

void LoginService::time_up(const LoginPtr& login) {
  Session& session = *login->session;
  const Error error{ErrorCode::kUnavailable, login->step == Step::kReserve
                                                 ? "an older session does not leave"
                                                 : "the database takes too long"};
  if (login->step == Step::kWelcome) return abandon(login, error);
  // The next login of the user waits until it is known what became of this claim.
  if (login->step == Step::kClaim) context_.registry.leaving(login->user.id, session);
  refuse(session, login->request, error);
}

void LoginService::reserve(const LoginPtr& login) {
  using session::Registry;
  Session& session = *login->session;
  begin_wait(login, Step::kReserve);
  const auto reservation =
      context_.registry.reserve(login->user.id, login->session, login->takes_over(), [this, login] {
        if (login->end_wait()) login->session->resume([this, login] { reserve(login); });
      });
  if (reservation == Registry::Reservation::kWait) {
    login->held_here = login->takes_over();
    return;
  }
  if (!login->end_wait()) {
    if (reservation == Registry::Reservation::kGranted) {
      context_.registry.release(login->user.id, session);
    }
    return;
  }
  session.resume({});
  if (reservation == Registry::Reservation::kGranted) return claim(login);
  if (std::exchange(login->holder_probed, true)) {
    return refuse(session, login->request, already_online());
  }
  // A client that hung up a moment ago and comes back must not find itself in its own way.
  const auto holder = context_.registry.find(login->user.id);
  if (holder == nullptr) return reserve(login);
  session.suspend();
  holder->probe([this, login] { login->session->resume([this, login] { reserve(login); }); });
}

void LoginService::claim(const LoginPtr& login) {
  Session& session = *login->session;
  ClaimRequest request{login->user.id, login->takes_over(), to_hex(login->token_hash),
                       std::nullopt};
  if (login->by_token) request.token_ends = login->token_ends;
  begin_wait(login, Step::kClaim);
  const bool asked = batches_.claim(request, [this, login, request](Result<ClaimAnswer>&& answer) {
    if (!login->end_wait()) return claimed_too_late(login, answer);
    login->session->resume([this, login, request, answer = std::move(answer)]() mutable {
      if (answer && answer->claim.outcome == storage::Claim::Outcome::kAlone) {
        request.unsure = answer->unsure;
        request.held_elsewhere = answer->claim.held_elsewhere;
        const base::QueueWait wait(login->accepted);
        answer = batches_.claim_alone(request);
      }
      claimed(login, std::move(answer));
    });
  });
  if (asked) return;
  const Error error{ErrorCode::kBusy, "too many logins wait"};
  if (!login->end_wait()) return claimed_too_late(login, fail(error.code, error.message));
  session.resume({});
  claimed(login, fail(error.code, error.message));
}

// The client was told to try again.
void LoginService::claimed_too_late(const LoginPtr& login, const Result<ClaimAnswer>& answer) {
  const bool may_be_claimed =
      answer ? answer->unsure || answer->claim.outcome == storage::Claim::Outcome::kClaimed
             : is_unknown(answer.error());
  if (may_be_claimed) settle_claim(*login->session, login->user.id);
  context_.registry.release(login->user.id, *login->session);
}

void LoginService::claimed(const LoginPtr& login, Result<ClaimAnswer> answer) {
  Session& session = *login->session;
  if (answer && answer->claim.outcome == storage::Claim::Outcome::kClaimed) {
    const SessionEpoch epoch = answer->claim.epoch;
    login->held_elsewhere = answer->claim.held_elsewhere && !context_.router.alone();
    context_.registry.claimed(login->user.id, session, epoch);
    allowance_.logged_in(login->user.id, epoch);
    session.set_identity(
        {login->user.id, login->request.flag("ack"), login->user.name, epoch, login->token_hash});
    if (!answer->groups) return abandon(login, answer->groups.error());
    return attach(login, std::move(*answer->groups));
  }
  context_.registry.release(login->user.id, session);
  if (!answer && is_unknown(answer.error())) settle_claim(session, login->user.id);
  if (!answer) return refuse(session, login->request, answer.error());
  refuse(session, login->request, already_online());
}

// The table may give the user to this node, where no session has it. Then it is set free, unless a
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
          return fail(ErrorCode::kBusy, "a login of the user is on its way");
        }
        if (ours) {
          auto released = users.release(user, (*state)->session_epoch);
          if (!released) return fail(released);
        }
        return [this, user] { context_.presence.changed(user); };
      });
}

void LoginService::attach(const LoginPtr& login, std::vector<GroupId> groups) {
  login->session->suspend();
  context_.recipients.attach(login->session, login->user.id, login->request.flag("ack"),
                             std::move(groups), [this, login] { take_over(login); });
}

void LoginService::take_over(const LoginPtr& login) {
  if (!login->held_elsewhere) return answer(login);
  Session& session = *login->session;
  session.suspend();
  context_.router.take_over(login->user.id, session.identity().epoch, [this, login] {
    login->session->resume([this, login] { answer(login); });
  });
}

void LoginService::answer(const LoginPtr& login) {
  Session& session = *login->session;
  const WelcomeRequest request{login->user.id, session.identity().epoch, to_hex(login->token_hash),
                               login->by_token ? "" : login->user.password_hash};
  begin_wait(login, Step::kWelcome);
  const bool asked = batches_.welcome(request, [this, login](Result<Welcome>&& welcome) {
    if (!login->end_wait()) return;
    login->session->resume([this, login, welcome = std::move(welcome)]() mutable {
      answer_with(login, std::move(welcome));
    });
  });
  if (asked || !login->end_wait()) return;
  session.resume({});
  abandon(login, {ErrorCode::kBusy, "too many logins wait"});
}

void LoginService::answer_with(const LoginPtr& login, Result<Welcome> welcome) {
  Session& session = *login->session;
  if (!welcome) return abandon(login, welcome.error());
  if (welcome->outcome == Welcome::Outcome::kOtherHash) {
    return try_other_hash(login, std::move(welcome->password_hash));
  }
  if (welcome->outcome != Welcome::Outcome::kWelcome) return turn_away(login, welcome->outcome);
  Pending& pending = welcome->pending;
  OkReply reply(login->request);
  write_login_reply(reply, login->user.id, login->user.name, login->token, pending, welcome->lists,
                    context_.options.node);
  if (session.classic()) trim_to_classic(reply, session.classic_numbers(), pending);
  reply.send(session);

  const bool heartbeat = login->request.flag("heartbeat");
  session.post_in_loop([self = login->session, heartbeat] { self->logged_in_in_loop(heartbeat); });
  session.flush_replies();
  context_.recipients.open(login->session, std::move(pending.positions),
                           std::move(pending.first_page));
  context_.presence.changed(login->user.id);
  log::limited(log::Level::kInfo, login_lines, "event=login user={} peer={}", login->user.id.value,
               session.peer().to_string());
  audit(context_, login->held_elsewhere || login->held_here ? "takeover" : "login", session,
        login->user.id);
}

// Another login may have had the same password hashed anew, with higher parameters: only the
// password itself tells that from a change.
void LoginService::try_other_hash(const LoginPtr& login, std::string hash) {
  const auto tried = [this, login, hash](const PasswordVerdict& verdict) {
    if (verdict.refusal) return abandon(login, {ErrorCode::kBusy, "a password was not tried"});
    if (!verdict.right) return turn_away(login, Welcome::Outcome::kOtherHash);
    login->user.password_hash = hash;
    answer(login);
  };
  passwords_.check_again(*login->session, hash, std::string(login->request.text("password")),
                         tried);
}

// The password was changed, the token revoked or the account deleted while this login was on its
// way: what it was let in by is worth nothing any more, and neither is the token it was given.
void LoginService::turn_away(const LoginPtr& login, Welcome::Outcome outcome) {
  Session& session = *login->session;
  if (outcome == Welcome::Outcome::kClaimedElsewhere) {
    refuse(session, login->request, already_online());
    return end(session);
  }
  recent_tokens_.remove(login->token_hash);
  if (auto revoked = revoke(login->token_hash); !revoked) return abandon(login, revoked.error());
  refuse(session, login->request, login->by_token ? invalid_token() : wrong_password());
  end(session);
}

void LoginService::abandon(const LoginPtr& login, const Error& error) {
  log::limited(log::Level::kWarn, abandoned_lines, "event=login_abandoned user={} what={}",
               login->user.id.value, log::quoted(error.message));
  refuse(*login->session, login->request, error);
  end(*login->session);
}

// The answer says that the token is worth nothing any more, so it waits for that.
void LoginService::logout(Session& session, const Request& request) {
  if (auto revoked = revoke(session.identity().token_hash); !revoked) {
    return refuse(session, request, revoked.error());
  }
  sign_off(session, [self = session.shared_from_this(), request] { OkReply(request).send(*self); });
}

Result<void> LoginService::revoke(const session::TokenHash& token_hash) {
  return storage::transact_settled(
      context_.pool, [&](storage::Connection& connection, bool /*repeated*/) {
        return storage::SessionModel(connection).erase(to_hex(token_hash));
      });
}

void LoginService::end(Session& session) {
  release(session, {});
}

void LoginService::sign_off(Session& session, base::Task then) {
  auto handle = session.shared_from_this();
  release(session, [handle, then = std::move(then)]() mutable {
    then();
    handle->post_in_loop([handle] { handle->logged_out_in_loop(); });
  });
}

void LoginService::release(Session& session, base::Task then) {
  const session::Identity self = session.identity();
  if (!self.user) return;
  session.set_identity({});
  session.suspend();
  context_.registry.leaving(self.user, session);
  auto handle = session.shared_from_this();
  context_.recipients.detach(handle, [this, handle, self, then = std::move(then)]() mutable {
    handle->suspend();
    // Copied by who is asked: what only moves is shared.
    auto rest = std::make_shared<base::Task>(std::move(then));
    context_.writeback.release(self.user, self.epoch, [this, handle, self, rest](bool newest) {
      handle->resume([this, handle, self, rest, newest] {
        context_.registry.release(self.user, *handle);
        if (!newest) context_.router.tell_gone(self.user, self.epoch);
        log::limited(log::Level::kInfo, logout_lines, "event=logout user={}", self.user.value);
        if (*rest) (*rest)();
      });
    });
  });
}

}  // namespace chat::service

#include "login_service.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "chat/protocol/classic.h"
#include "chat/protocol/limits.h"
#include "chat/storage/group_model.h"
#include "chat/storage/session_model.h"
#include "chat/storage/transact.h"
#include "chat/storage/user_model.h"
#include "login_reply.h"
#include "replies.h"
#include "token.h"

namespace chat::service {
namespace {

using protocol::Errno;
using protocol::Refusal;
using protocol::Request;
using session::Session;

// The newest tokens of a user; an older one has been forgotten by its client, or is misused.
constexpr std::size_t kTokensPerUser = 32;

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

Refusal already_online() {
  return {Errno::kAlreadyOnline, "this account is logged in elsewhere", std::nullopt};
}

// A classic client's answer has room for a few messages only: the rest follows as pushes.
void trim_to_classic(const OkReply& reply, Pending& pending) {
  const auto welcome = protocol::to_classic_welcome(reply.unfinished() + "}");
  const auto first_left_out =
      pending.first_page.begin() + static_cast<std::ptrdiff_t>(welcome.offline_count);
  pending.first_page.erase(first_left_out, pending.first_page.end());
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
  std::vector<GroupId> groups;

  // A token is proof enough to take over one's own older session.
  bool takes_over() const { return by_token || request.flag("takeover"); }
  bool holder_probed = false;
  bool held_elsewhere = false;  // until now, by a session on another node
};

LoginService::LoginService(ServiceContext& context)
    : context_(context),
      login_failures_(context.options.login_failures_per_minute, context.clock) {}

void LoginService::login(Session& session, const Request& request) {
  if (auto refusal = login_fault(request)) return refuse(session, request, *refusal);
  const auto wait = login_failures_.wait(session.peer().host());
  if (wait.count() > 0) return refuse(session, request, rate_limited(wait));
  auto login = std::make_shared<Login>();
  login->session = session.shared_from_this();
  login->request = request;
  login->by_token = request.find("token") != nullptr;
  login->token = login->by_token ? std::string(request.text("token")) : make_token();
  login->token_hash = hash_token(login->token);
  if (auto found = find_account(*login); !found) return refuse(session, request, found.error());
  if (!login->by_token) return check_password(login);
  if (login->user.id) return reserve(login);
  login_failed(login, invalid_token());
}

Result<void> LoginService::find_account(Login& login) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  const Request& request = login.request;
  std::optional<UserId> id;
  if (login.by_token) {
    auto owner =
        storage::SessionModel(**lease).find(to_hex(login.token_hash), context_.clock.unix_millis());
    if (!owner) return fail(owner);
    if (!*owner) return {};
    id = **owner;
  } else if (request.find("id") != nullptr) {
    id = request.user_id("id");
  }
  storage::UserModel users(**lease);
  auto user = id ? users.find(*id) : users.find_by_name(request.text("name"));
  if (!user) return fail(user);
  if (*user) login.user = std::move(**user);
  return {};
}

void LoginService::check_password(const LoginPtr& login) {
  Session& session = *login->session;
  session.suspend();
  const bool posted = context_.hash_lane.try_post([this, login] {
    const std::string password(login->request.text("password"));
    const bool right = context_.hasher.verify(login->user.password_hash, password);
    login->session->resume([this, login, right] { password_checked(login, right); });
  });
  if (posted) return;
  session.resume({});
  refuse(session, login->request, busy());
}

void LoginService::password_checked(const LoginPtr& login, bool right) {
  if (right) return reserve(login);
  login_failed(login, failed("account or password is wrong"));
}

void LoginService::login_failed(const LoginPtr& login, const Refusal& refusal) {
  login_failures_.count(login->session->peer().host());
  log::info("event=login_failed peer={}", login->session->peer().to_string());
  refuse(*login->session, login->request, refusal);
}

void LoginService::reserve(const LoginPtr& login) {
  Session& session = *login->session;
  session.suspend();
  const auto reservation = context_.registry.reserve(
      login->user.id, login->session, login->takes_over(),
      [this, login] { login->session->resume([this, login] { reserve(login); }); });
  if (reservation == session::Registry::Reservation::kWait) return;
  session.resume({});
  if (reservation == session::Registry::Reservation::kGranted) return claim(login);
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
  auto epoch = claim_user(*login);
  if (epoch && *epoch) {
    context_.registry.claimed(login->user.id, session, **epoch);
    session.set_identity(
        {login->user.id, login->request.flag("ack"), login->user.name, **epoch, login->token_hash});
    return attach(login);
  }
  context_.registry.release(login->user.id, session);
  if (!epoch) return refuse(session, login->request, epoch.error());
  refuse(session, login->request, already_online());
}

// The claim and the token, in one transaction.
Result<std::optional<SessionEpoch>> LoginService::claim_user(Login& login) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  return storage::transact(**lease, [&] { return claim_and_keep_token(login, **lease); });
}

Result<std::optional<SessionEpoch>> LoginService::claim_and_keep_token(
    Login& login, storage::Connection& connection) {
  storage::UserModel users(connection);
  auto epoch = users.claim(login.user.id, context_.node, false);
  if (epoch && !*epoch && login.takes_over()) {
    // Refused by the session of a living node, and by nothing else. Who asked for the holder before
    // the claim would not see one that comes in between, and would never tell it to go.
    login.held_elsewhere = !context_.router.alone();
    epoch = users.claim(login.user.id, context_.node, true);
  }
  if (!epoch || !*epoch) return epoch;
  const UnixMillis now = context_.clock.unix_millis();
  const UnixMillis expires_at =
      now + std::chrono::milliseconds(context_.options.token_lifetime).count();
  storage::SessionModel tokens(connection);
  auto kept = login.by_token ? tokens.extend(to_hex(login.token_hash), expires_at)
                             : tokens.insert(to_hex(login.token_hash), login.user.id, now,
                                             expires_at, kTokensPerUser);
  if (!kept) return fail(kept);
  return epoch;
}

void LoginService::attach(const LoginPtr& login) {
  Session& session = *login->session;
  {
    auto lease = context_.pool.lease();
    if (!lease) return abandon(login, lease.error());
    auto groups =
        storage::GroupModel(**lease).groups_of(login->user.id, GroupId{}, protocol::kGroupsMax);
    if (!groups) return abandon(login, groups.error());
    for (const storage::Group& group : *groups) login->groups.push_back(group.id);
  }
  session.suspend();
  context_.recipients.attach(login->session, login->user.id, login->request.flag("ack"),
                             login->groups, [this, login] { take_over(login); });
}

void LoginService::take_over(const LoginPtr& login) {
  if (!login->held_elsewhere) return answer(login);
  Session& session = *login->session;
  session.suspend();
  context_.router.take_over(login->user.id, session.identity().epoch, [this, login] {
    login->session->resume([this, login] { answer(login); });
  });
}

// While this node did not listen for the user yet, another may have taken it over unheard.
Result<bool> LoginService::still_claimed(const Login& login) {
  if (context_.router.alone()) return true;
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  const auto states = storage::UserModel(**lease).states(std::span(&login.user.id, 1));
  if (!states) return fail(states);
  return !states->empty() && states->front().session_epoch == login.session->identity().epoch;
}

void LoginService::answer(const LoginPtr& login) {
  Session& session = *login->session;
  const auto claimed = still_claimed(*login);
  if (!claimed) return abandon(login, claimed.error());
  if (!*claimed) {
    refuse(session, login->request, already_online());
    return end(session);
  }
  auto pending = read_pending(context_.backlog, login->user.id);
  if (!pending) return abandon(login, pending.error());
  auto lease = context_.pool.lease();
  if (!lease) return abandon(login, lease.error());
  OkReply reply(login->request);
  auto written =
      write_login_reply(reply, **lease, login->user, login->token, *pending, context_.options.node);
  if (!written) return abandon(login, written.error());
  if (session.classic()) trim_to_classic(reply, *pending);
  reply.send(session);

  const bool heartbeat = login->request.flag("heartbeat");
  session.post_in_loop([self = login->session, heartbeat] { self->logged_in_in_loop(heartbeat); });
  session.flush_replies();
  context_.recipients.open(login->session, std::move(pending->positions),
                           std::move(pending->first_page));
  context_.presence.changed(login->user.id);
  log::info("event=login user={} peer={}", login->user.id.value, session.peer().to_string());
}

void LoginService::abandon(const LoginPtr& login, const Error& error) {
  log::warn("event=login_abandoned user={} what={}", login->user.id.value,
            log::quoted(error.message));
  refuse(*login->session, login->request, error);
  end(*login->session);
}

// The answer says that the token is worth nothing any more, so it waits for that.
void LoginService::logout(Session& session, const Request& request) {
  if (auto revoked = revoke(session.identity().token_hash); !revoked) {
    return refuse(session, request, revoked.error());
  }
  release(session, [self = session.shared_from_this(), request] { OkReply(request).send(*self); });
}

Result<void> LoginService::revoke(const session::TokenHash& token_hash) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  return storage::SessionModel(**lease).erase(to_hex(token_hash));
}

void LoginService::end(Session& session) {
  release(session, {});
}

void LoginService::release(Session& session, base::Task then) {
  const session::Identity self = session.identity();
  if (!self.user) return;
  session.set_identity({});
  session.suspend();
  context_.registry.leaving(self.user, session);
  auto handle = session.shared_from_this();
  context_.recipients.detach(handle, [this, handle, self, then = std::move(then)]() mutable {
    const bool newest = context_.writeback.release(self.user, self.epoch);
    context_.registry.release(self.user, *handle);
    if (!newest) context_.router.tell_gone(self.user, self.epoch);
    log::info("event=logout user={}", self.user.value);
    if (then) then();
  });
}

}  // namespace chat::service

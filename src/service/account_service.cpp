#include "account_service.h"

#include <optional>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "chat/protocol/limits.h"
#include "chat/storage/group_model.h"
#include "chat/storage/user_model.h"
#include "login_reply.h"
#include "replies.h"

namespace chat::service {
namespace {

using protocol::Errno;
using protocol::Refusal;
using protocol::Request;
using session::Session;

Refusal failed(std::string message) {
  return {Errno::kFailed, std::move(message), std::nullopt};
}

std::optional<Refusal> login_fault(const Request& request) {
  if (request.find("token") != nullptr) {
    return Refusal{Errno::kInvalidToken, "this token is not valid", std::nullopt};
  }
  if (request.find("id") == nullptr && request.find("name") == nullptr) {
    return bad_field("id or name must be given");
  }
  if (request.find("password") == nullptr) return bad_field("password is missing");
  return std::nullopt;
}

Result<std::optional<storage::User>> find_account(storage::Pool& pool, const Request& request) {
  auto lease = pool.lease();
  if (!lease) return fail(lease);
  storage::UserModel users(**lease);
  if (request.find("id") != nullptr) return users.find(request.user_id("id"));
  return users.find_by_name(request.text("name"));
}

}  // namespace

// One login on its way through the steps.
struct AccountService::Login {
  std::shared_ptr<Session> session;
  Request request;
  storage::User user;  // id 0: there is no such account
  std::vector<GroupId> groups;
  bool holder_probed = false;
};

AccountService::AccountService(ServiceContext& context)
    : context_(context),
      registrations_(context.options.register_per_minute, context.clock),
      login_failures_(context.options.login_failures_per_minute, context.clock) {}

void AccountService::login(Session& session, const Request& request) {
  if (auto refusal = login_fault(request)) return refuse(session, request, *refusal);
  const auto wait = login_failures_.wait(session.peer().host());
  if (wait.count() > 0) return refuse(session, request, rate_limited(wait));
  auto user = find_account(context_.pool, request);
  if (!user) return refuse(session, request, user.error());
  auto login = std::make_shared<Login>();
  login->session = session.shared_from_this();
  login->request = request;
  if (*user) login->user = std::move(**user);
  check_password(login);
}

void AccountService::check_password(const LoginPtr& login) {
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

void AccountService::password_checked(const LoginPtr& login, bool right) {
  if (right) return reserve(login);
  login_failures_.count(login->session->peer().host());
  log::info("event=login_failed peer={}", login->session->peer().to_string());
  refuse(*login->session, login->request, failed("account or password is wrong"));
}

void AccountService::reserve(const LoginPtr& login) {
  Session& session = *login->session;
  session.suspend();
  const auto reservation = context_.registry.reserve(
      login->user.id, login->session, login->request.flag("takeover"),
      [this, login] { login->session->resume([this, login] { reserve(login); }); });
  if (reservation == session::Registry::Reservation::kWait) return;
  session.resume({});
  if (reservation == session::Registry::Reservation::kGranted) return claim(login);
  // A client that hung up a moment ago and comes back must not find itself in its own way.
  const auto holder = context_.registry.find(login->user.id);
  if (!std::exchange(login->holder_probed, true) && holder != nullptr) {
    session.suspend();
    holder->probe([this, login] { login->session->resume([this, login] { reserve(login); }); });
    return;
  }
  refuse(session, login->request,
         {Errno::kAlreadyOnline, "this account is logged in elsewhere", std::nullopt});
}

void AccountService::claim(const LoginPtr& login) {
  Session& session = *login->session;
  const auto claimed = [&]() -> Result<std::optional<SessionEpoch>> {
    auto lease = context_.pool.lease();
    if (!lease) return fail(lease);
    return storage::UserModel(**lease).claim(login->user.id, context_.node,
                                             login->request.flag("takeover"));
  }();
  if (claimed && *claimed) {
    session.set_identity({login->user.id, login->user.name, **claimed});
    return attach(login);
  }
  context_.registry.release(login->user.id, session);
  if (!claimed) return refuse(session, login->request, claimed.error());
  refuse(session, login->request,
         {Errno::kAlreadyOnline, "this account is logged in elsewhere", std::nullopt});
}

void AccountService::attach(const LoginPtr& login) {
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
                             login->groups, [this, login] { answer(login); });
}

void AccountService::answer(const LoginPtr& login) {
  Session& session = *login->session;
  auto pending = read_pending(context_.backlog, login->user.id);
  if (!pending) return abandon(login, pending.error());
  auto lease = context_.pool.lease();
  if (!lease) return abandon(login, lease.error());
  OkReply reply(login->request);
  auto written = write_login_reply(reply, **lease, login->user, *pending, context_.options.node);
  if (!written) return abandon(login, written.error());
  reply.send(session);

  const bool heartbeat = login->request.flag("heartbeat");
  session.post_in_loop([self = login->session, heartbeat] { self->logged_in_in_loop(heartbeat); });
  session.flush_replies();
  context_.recipients.open(login->session, std::move(pending->positions),
                           std::move(pending->first_page));
  log::info("event=login user={} peer={}", login->user.id.value, session.peer().to_string());
}

void AccountService::abandon(const LoginPtr& login, const Error& error) {
  log::warn("event=login_abandoned user={} what={}", login->user.id.value,
            log::quoted(error.message));
  refuse(*login->session, login->request, error);
  end(*login->session);
}

void AccountService::logout(Session& session, const Request& request) {
  release(session, [self = session.shared_from_this(), request] { OkReply(request).send(*self); });
}

void AccountService::end(Session& session) {
  release(session, {});
}

void AccountService::release(Session& session, base::Task then) {
  const session::Identity self = session.identity();
  if (!self.user) return;
  session.set_identity({});
  session.suspend();
  auto handle = session.shared_from_this();
  context_.recipients.detach(handle, [this, handle, self, then = std::move(then)]() mutable {
    context_.writeback.release(self.user, self.epoch);
    context_.registry.release(self.user, *handle);
    log::info("event=logout user={}", self.user.value);
    if (then) then();
  });
}

void AccountService::register_user(Session& session, const Request& request) {
  if (auto fault = protocol::name_fault(request.text("name"))) {
    return refuse(session, request, failed(*fault));
  }
  if (auto fault = protocol::password_fault(request.text("password"))) {
    return refuse(session, request, failed(*fault));
  }
  {
    auto lease = context_.pool.lease();
    if (!lease) return refuse(session, request, lease.error());
    auto taken = storage::UserModel(**lease).find_by_name(request.text("name"));
    if (!taken) return refuse(session, request, taken.error());
    if (*taken) return refuse(session, request, failed("this name is taken"));
  }
  const std::string address = session.peer().host();
  const auto wait = registrations_.wait(address);
  if (wait.count() > 0) return refuse(session, request, rate_limited(wait));

  session.suspend();
  auto self = session.shared_from_this();
  const bool posted = context_.hash_lane.try_post([this, self, request] {
    auto hash = context_.hasher.hash(std::string(request.text("password")));
    self->resume(
        [this, self, request, hash = std::move(hash)] { store_user(*self, request, hash); });
  });
  if (posted) return registrations_.count(address);
  session.resume({});
  refuse(session, request, busy());
}

void AccountService::store_user(Session& session, const Request& request,
                                const Result<std::string>& hash) {
  if (!hash) return refuse(session, request, hash.error());
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  auto id =
      storage::UserModel(**lease).insert(request.text("name"), *hash, context_.clock.unix_millis());
  if (!id) return refuse(session, request, id.error());
  if (!*id) return refuse(session, request, failed("this name is taken"));
  OkReply reply(request);
  reply.json().field("id", (*id)->value);
  reply.send(session);
  log::info("event=registered user={} peer={}", (*id)->value, session.peer().to_string());
}

}  // namespace chat::service

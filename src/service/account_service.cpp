#include "account_service.h"

#include <memory>
#include <unordered_map>
#include <utility>

#include "audit.h"
#include "chat/base/log_limiter.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/session_model.h"
#include "chat/storage/transact.h"
#include "chat/storage/user_model.h"
#include "replies.h"
#include "token.h"

namespace chat::service {
namespace {

using protocol::Request;
using session::Session;
using storage::SessionModel;

// By so much of its hash a client names a token: enough to tell a user's few from each other, and
// of no use for anything else.
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

protocol::Refusal wrong_password() {
  return failed("the password is wrong");
}

}  // namespace

AccountService::AccountService(ServiceContext& context, Passwords& passwords, LoginService& login)
    : context_(context),
      passwords_(passwords),
      login_(login),
      registrations_{context.options.register_per_minute, context.options.register_per_minute,
                     std::chrono::minutes(1)} {}

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
  const auto bucket = registrations_of(session, registrations_);
  const auto wait = context_.rates.take({&bucket, 1}).value_or(std::chrono::milliseconds(0));
  if (wait.count() > 0) return refuse(session, request, rate_limited(wait));
  passwords_.hash(session, std::string(request.text("password")),
                  [this, self = session.shared_from_this(), request](const auto& hash) {
                    store_user(*self, request, hash);
                  });
}

void AccountService::store_user(Session& session, const Request& request,
                                const Result<std::string>& hash) {
  const auto bucket = registrations_of(session, registrations_);
  if (!hash) {
    context_.rates.give_back({&bucket, 1});
    return refuse(session, request, hash.error());
  }
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  auto id =
      storage::UserModel(**lease).insert(request.text("name"), *hash, context_.clock.unix_millis());
  if (!id) return refuse(session, request, id.error());
  if (!*id) return refuse(session, request, failed("this name is taken"));
  OkReply reply(request);
  reply.json().field("id", (*id)->value);
  reply.send(session);
  log_account("registered", **id, session);
  audit(context_, "registered", session, **id);
}

void AccountService::confirm(Session& session, const Request& request,
                             std::function<void(std::string)> then) {
  if (!admit(context_, session, request, Action::kManageAccount)) return;
  const UserId self = session.identity().user;
  storage::User user;
  {
    auto lease = context_.pool.lease();
    if (!lease) return refuse(session, request, lease.error());
    auto found = storage::UserModel(**lease).find(self);
    if (!found) return refuse(session, request, found.error());
    if (*found) user = std::move(**found);
  }
  passwords_.check(session, user, "id:" + std::to_string(self.value),
                   std::string(request.text("password")),
                   [this, handle = session.shared_from_this(), request,
                    then = std::move(then)](PasswordVerdict verdict) {
                     if (verdict.refusal) return refuse(*handle, request, *verdict.refusal);
                     if (verdict.right) return then(std::move(verdict.stored));
                     audit(context_, "password_wrong", *handle, handle->identity().user);
                     refuse(*handle, request, wrong_password());
                   });
}

void AccountService::change_password(Session& session, const Request& request) {
  if (auto fault = protocol::password_fault(request.text("new_password"))) {
    return refuse(session, request, failed(*fault));
  }
  auto self = session.shared_from_this();
  confirm(session, request, [this, self, request](const std::string& stored) {
    passwords_.hash(*self, std::string(request.text("new_password")),
                    [this, self, request, stored](const auto& hash) {
                      store_password(*self, request, stored, hash);
                    });
  });
}

void AccountService::store_password(Session& session, const Request& request,
                                    const std::string& stored, const Result<std::string>& hash) {
  if (!hash) return refuse(session, request, hash.error());
  const session::Identity& self = session.identity();
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const auto revoked = storage::transact(**lease, [&]() -> Result<std::optional<std::size_t>> {
    auto replaced = storage::UserModel(**lease).replace_password(self.user, stored, *hash);
    if (!replaced) return fail(replaced);
    if (!*replaced) return std::optional<std::size_t>();
    return SessionModel(**lease).erase_others(self.user, to_hex(self.token_hash));
  });
  if (!revoked) return refuse(session, request, revoked.error());
  // Somebody else was faster: it is not the password any more.
  if (!*revoked) return refuse(session, request, wrong_password());
  OkReply reply(request);
  reply.json().field("revoked", static_cast<std::int64_t>(**revoked));
  reply.send(session);
  log_account("password_changed", self.user, session);
  audit(context_, "password_changed", session, self.user);
}

void AccountService::delete_account(Session& session, const Request& request) {
  confirm(session, request,
          [this, self = session.shared_from_this(), request](const std::string& stored) {
            remove(*self, request, stored);
          });
}

void AccountService::remove(Session& session, const Request& request, const std::string& stored) {
  const session::Identity self = session.identity();
  Audience audience;
  const auto removed = remove_rows(self.user, stored, audience);
  if (!removed) return refuse(session, request, removed.error());
  if (!*removed) return refuse(session, request, wrong_password());
  log_account("account_deleted", self.user, session);
  audit(context_, "account_deleted", session, self.user);
  login_.sign_off(session, [this, handle = session.shared_from_this(), request, self, audience] {
    OkReply(request).send(*handle);
    tell(self, audience);
  });
}

Result<bool> AccountService::remove_rows(UserId user, const std::string& stored,
                                         Audience& audience) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  return storage::transact(**lease, [&]() -> Result<bool> {
    auto removed = storage::UserModel(**lease).remove(user, stored);
    if (!removed || !*removed) return removed;
    auto watchers = storage::FriendModel(**lease).online_watchers({&user, 1});
    if (!watchers) return fail(watchers);
    auto memberships = storage::GroupModel(**lease).memberships({&user, 1});
    if (!memberships) return fail(memberships);
    audience = {std::move(*watchers), std::move(*memberships)};
    if (auto done = SessionModel(**lease).erase_others(user, ""); !done) return fail(done);
    if (auto done = storage::FriendModel(**lease).erase_all(user); !done) return fail(done);
    if (auto done = storage::GroupModel(**lease).leave_all(user); !done) return fail(done);
    return true;
  });
}

void AccountService::tell(const session::Identity& who, const Audience& audience) {
  context_.router.account_deleted(who.user);
  context_.router.presence(audience.watchers, {{who.user, false}});
  for (const storage::Membership& item : audience.memberships) {
    context_.router.event_to_group(item.group, membership_push(item.group, who, "left"), who.user);
  }
}

void AccountService::list_sessions(Session& session, const Request& request) {
  if (!admit(context_, session, request, Action::kManageAccount)) return;
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const session::Identity& self = session.identity();
  const auto tokens = SessionModel(**lease).list(self.user, context_.clock.unix_millis());
  if (!tokens) return refuse(session, request, tokens.error());
  const std::string current = to_hex(self.token_hash);
  OkReply reply(request);
  reply.json().key("sessions").begin_array();
  for (const storage::Token& token : *tokens) {
    reply.json()
        .begin_object()
        .field("session", session_name(token.token_hash))
        .field("created", token.created_at)
        .field("expires", token.expires_at)
        .field("current", token.token_hash == current)
        .end_object();
  }
  reply.json().end_array();
  reply.send(session);
}

void AccountService::revoke_session(Session& session, const Request& request) {
  if (!admit(context_, session, request, Action::kManageAccount)) return;
  const std::string_view name = request.text("session");
  const bool others = request.flag("others");
  if (others == (request.find("session") != nullptr)) {
    return refuse(session, request, bad_field("one of session and others must be given"));
  }
  const session::Identity& self = session.identity();
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const auto revoked = storage::transact(**lease, [&]() -> Result<std::size_t> {
    SessionModel tokens(**lease);
    if (others) return tokens.erase_others(self.user, to_hex(self.token_hash));
    auto listed = tokens.list(self.user, context_.clock.unix_millis());
    if (!listed) return fail(listed);
    for (const storage::Token& token : *listed) {
      if (session_name(token.token_hash) != name) continue;
      if (auto erased = tokens.erase(token.token_hash); !erased) return fail(erased);
      return std::size_t{1};
    }
    return std::size_t{0};
  });
  if (!revoked) return refuse(session, request, revoked.error());
  if (!others && *revoked == 0) return refuse(session, request, not_found("no such session"));
  OkReply reply(request);
  reply.json().field("revoked", static_cast<std::int64_t>(*revoked));
  reply.send(session);
  audit(context_, "sessions_revoked", session, self.user);
}

}  // namespace chat::service

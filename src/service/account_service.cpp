#include "account_service.h"

#include <memory>
#include <utility>

#include "chat/base/log.h"
#include "chat/storage/user_model.h"
#include "replies.h"

namespace chat::service {

using protocol::Request;
using session::Session;

AccountService::AccountService(ServiceContext& context)
    : context_(context), registrations_(context.options.register_per_minute, context.clock) {}

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

#include "service/dispatch/dispatcher.h"

#include <optional>

#include "chat/protocol/errors.h"
#include "chat/session/coroutine.h"
#include "service/dispatch/handlers.h"
#include "service/dispatch/route.h"

namespace chat::service {
namespace {

// An unknown message has no reply number: the reply is ERROR, with its cid.
void refuse_unknown(const Route& /*route*/, Handlers& /*handlers*/, session::Session& session,
                    protocol::Request& request) {
  const protocol::Refusal unknown{protocol::Errno::kUnknownMsgid,
                                  "this server knows no request with this msgid", std::nullopt};
  session.reply(protocol::error_reply(protocol::Msgid::kError, unknown, request.cid()));
}

constexpr Route kUnknownRoute{
    {}, protocol::Msgid{}, Access::kAnyone, Charge::kNothing, refuse_unknown};

}  // namespace

Dispatcher::Dispatcher(ServiceContext& context) : handlers_(std::make_unique<Handlers>(context)) {}

Dispatcher::~Dispatcher() = default;

const session::RequestTraits& Dispatcher::traits_of(int msgid) const {
  const Route* route = route_of(msgid);
  return route != nullptr ? *route : kUnknownRoute;
}

// The traits of a request are its Route: see traits_of().
void Dispatcher::handle(session::Session& session, protocol::Request& request,
                        const session::RequestTraits& traits) {
  const auto& route = static_cast<const Route&>(traits);
  route.handle(route, *handlers_, session, request);
}

Moderation& Dispatcher::moderation() {
  return handlers_->moderation;
}

void Dispatcher::end(session::Session& session) {
  session::start(handlers_->login.release(session.shared_from_this()));
}

}  // namespace chat::service

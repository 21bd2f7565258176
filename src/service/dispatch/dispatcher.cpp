#include "service/dispatch/dispatcher.h"

#include <string>

#include "chat/protocol/errors.h"
#include "chat/session/coroutine.h"
#include "service/dispatch/handlers.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/route.h"

namespace chat::service {

Dispatcher::Dispatcher(ServiceContext& context) : handlers_(std::make_unique<Handlers>(context)) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::handle(session::Session& session, const protocol::Request& request) {
  const Route* route = route_of(request.msgid);
  if (route == nullptr) {
    // There is no ack number for an unknown message: it goes out as ERROR, with its cid.
    const protocol::Refusal unknown{protocol::Errno::kUnknownMsgid,
                                    "msgid is no request that this server knows", std::nullopt};
    session.reply(protocol::error_reply(protocol::Msgid::kError, unknown, request.cid()));
    return;
  }
  if (auto refusal = check_preconditions(*route, request, session.identity().user)) {
    refuse(session, request, *refusal);
    return;
  }
  route->handle(*handlers_, session, request);
}

void Dispatcher::end(session::Session& session) {
  session::start(handlers_->login.release(session.shared_from_this()));
}

bool Dispatcher::waits_for_commits(const protocol::Request& request) const {
  const Route* route = route_of(request.msgid);
  return route != nullptr && route->waits_for_commits;
}

bool Dispatcher::blocks(const protocol::Request& request) const {
  const Route* route = route_of(request.msgid);
  return route != nullptr && route->work == Work::kBlocking;
}

}  // namespace chat::service

#pragma once

#include "chat/protocol/messages/login_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// HELLO, PING and TIME. Threading: thread-safe.
class SystemService {
 public:
  explicit SystemService(ServiceContext& context) : context_(context) {}

  void hello(session::Session& session, const Received<messages::Hello>& request);
  void ping(session::Session& session, const Received<messages::Ping>& request);
  void time(session::Session& session, const Received<messages::Time>& request);

 private:
  ServiceContext& context_;
};

}  // namespace chat::service

#pragma once

#include "chat/protocol/messages/login_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// HELLO and PING. Threading: thread-safe.
class SystemService {
 public:
  explicit SystemService(ServiceContext& context) : context_(context) {}

  void hello(session::Session& session, const Received<messages::Hello>& request);
  void ping(session::Session& session, const Received<messages::Ping>& request);

 private:
  ServiceContext& context_;
};

}  // namespace chat::service

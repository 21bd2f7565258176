#pragma once

#include "chat/protocol/messages/typing_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// TYPING, which has no reply unless it fails.
// Threading: thread-safe.
class TypingService {
 public:
  explicit TypingService(ServiceContext& context) : context_(context) {}

  void typing(session::Session& session, const Received<messages::Typing>& request);

 private:
  ServiceContext& context_;
};

}  // namespace chat::service

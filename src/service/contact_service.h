#pragma once

#include "chat/protocol/request.h"
#include "chat/service/context.h"
#include "chat/session/session.h"

namespace chat::service {

// Friends. Threading: thread-safe. Handlers block on the database.
class ContactService {
 public:
  explicit ContactService(ServiceContext& context) : context_(context) {}

  void add_friend(session::Session& session, const protocol::Request& request);

 private:
  ServiceContext& context_;
};

}  // namespace chat::service

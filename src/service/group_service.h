#pragma once

#include "chat/protocol/request.h"
#include "chat/service/context.h"
#include "chat/session/session.h"

namespace chat::service {

// Making and joining groups. Threading: thread-safe. Handlers block on the database.
class GroupService {
 public:
  explicit GroupService(ServiceContext& context) : context_(context) {}

  void create(session::Session& session, const protocol::Request& request);
  void join(session::Session& session, const protocol::Request& request);

 private:
  ServiceContext& context_;
};

}  // namespace chat::service

#pragma once

#include "chat/protocol/messages/contact_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// Adding friends. If the outcome of a COMMIT is unknown, the reply is `unavailable`, and the friend
// is notified as soon as the tables show that it took effect.
// Threading: thread-safe. Handlers block on the database.
class ContactService {
 public:
  explicit ContactService(ServiceContext& context) : context_(context) {}

  void add_friend(session::Session& session, const Received<messages::AddFriend>& request);

 private:
  void settle(session::Session& session, UserId friend_id);

  ServiceContext& context_;
};

}  // namespace chat::service

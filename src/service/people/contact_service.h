#pragma once

#include "chat/protocol/messages/people_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// Friends. When the database does not tell whether a friend was added, the answer is `unavailable`,
// and the friend hears of it as soon as the tables tell that it was.
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

#pragma once

#include "chat/protocol/messages/profile_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// USER_INFO and SET_PROFILE. If the outcome of a COMMIT is unknown, the reply is `unavailable`, and
// the nodes hear of a changed `who_may_chat` as soon as the tables can be read.
// Threading: thread-safe. Handlers block on the database.
class ProfileService {
 public:
  explicit ProfileService(ServiceContext& context) : context_(context) {}

  void user_info(session::Session& session, const Received<messages::UserInfo>& request);
  void set_profile(session::Session& session, const Received<messages::SetProfile>& request);

 private:
  void settle(session::Session& session);

  ServiceContext& context_;
};

}  // namespace chat::service

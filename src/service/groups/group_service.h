#pragma once

#include <string_view>

#include "chat/protocol/messages/group_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// Creating groups. If the outcome of the COMMIT is unknown, the reply is `unavailable`, and the
// session becomes live in the group as soon as the tables show that it took effect.
// Threading: thread-safe. Handlers block on the database.
class GroupService {
 public:
  explicit GroupService(ServiceContext& context) : context_(context) {}

  void create(session::Session& session, const Received<messages::CreateGroup>& request);

 private:
  void settle_creation(session::Session& session, std::string_view name);
  void go_live(const session::Identity& who, GroupId group, Seq joined_seq);

  ServiceContext& context_;
};

}  // namespace chat::service

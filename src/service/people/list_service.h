#pragma once

#include "chat/protocol/messages/list_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// LIST and GROUP_INFO, page by page: the lists that LOGIN_ACK may truncate, requests to
// become a friend or to join a group, invitations, and blocked users.
// Threading: thread-safe. Blocks on the database.
class ListService {
 public:
  explicit ListService(ServiceContext& context) : context_(context) {}

  void list(session::Session& session, const Received<messages::List>& request);
  void group_info(session::Session& session, const Received<messages::GroupInfo>& request);

 private:
  // Of those to join a group, and of invitations.
  UnixMillis oldest_request() const;
  void list_join_requests(session::Session& session, const Received<messages::List>& request);
  void list_requests(session::Session& session, const Received<messages::List>& request);

  ServiceContext& context_;
};

}  // namespace chat::service

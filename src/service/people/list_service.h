#pragma once

#include "chat/protocol/messages/list_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// LIST and GROUP_INFO: the lists that LOGIN_ACK may truncate, page by page, by id.
// Threading: thread-safe. Blocks on the database.
class ListService {
 public:
  explicit ListService(ServiceContext& context) : context_(context) {}

  void list(session::Session& session, const Received<messages::List>& request);
  void group_info(session::Session& session, const Received<messages::GroupInfo>& request);

 private:
  ServiceContext& context_;
};

}  // namespace chat::service

#pragma once

#include <string>
#include <vector>

#include "chat/protocol/messages/history_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// HISTORY: the messages of a conversation, page by page, newest first.
// Threading: thread-safe. Blocks on the database.
class HistoryService {
 public:
  explicit HistoryService(ServiceContext& context) : context_(context) {}

  void history(session::Session& session, const Received<messages::History>& request);

 private:
  struct Page {
    std::vector<std::string> messages;  // as JSON, newest first
    std::string cursor;                 // empty: no more
  };

  Result<Page> read_direct(storage::Connection& connection, UserId self, UserId with,
                           const messages::History& request);
  Result<Page> read_group(storage::Connection& connection, GroupId group, const Grant& grant,
                          const messages::History& request);
  void direct(session::Session& session, const Received<messages::History>& request, UserId with);
  void group(session::Session& session, const Received<messages::History>& request, GroupId group);
  Result<std::string> name_of(storage::Connection& connection, UserId user);

  ServiceContext& context_;
};

}  // namespace chat::service

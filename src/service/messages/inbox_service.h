#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chat/protocol/messages/inbox_messages.h"
#include "chat/session/coroutine.h"
#include "chat/session/session.h"
#include "chat/storage/inbox_model.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"
#include "service/messages/inbox_cursor.h"

namespace chat::service {

// INBOX: the user's conversations with their unread counts. SET_CONVERSATION: what the user has set
// for one. READERS: who has read a message of a group.
// Threading: thread-safe. Blocks on the database.
class InboxService {
 public:
  explicit InboxService(ServiceContext& context) : context_(context) {}

  session::Coroutine<> inbox(std::shared_ptr<session::Session> session,
                             Received<messages::Inbox> request);
  void set_conversation(session::Session& session,
                        const Received<messages::SetConversation>& request);
  void readers(session::Session& session, const Received<messages::Readers>& request);

 private:
  struct Page {
    std::vector<std::string> conversations;  // as JSON, newest first
    std::string cursor;                      // empty: no more
    std::size_t examined = 0;                // conversations, of all pages
    std::vector<storage::CursorMove> found;  // positions that the table lacks
  };
  Result<Page> read_page(storage::Connection& connection, UserId self,
                         const messages::Inbox& request,
                         std::span<const storage::CursorMove> reads);
  void send_page(session::Session& session, const Received<messages::Inbox>& request,
                 std::span<const storage::CursorMove> reads);
  Result<void> write_items(storage::Connection& connection, UserId self,
                           const std::vector<storage::Conversation>& items, Page& page);
  Result<std::string> name_of(storage::Connection& connection, UserId user);

  ServiceContext& context_;
};

}  // namespace chat::service

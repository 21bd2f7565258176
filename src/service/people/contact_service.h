#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "chat/protocol/messages/contact_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"
#include "service/people/contact_changes.h"

namespace chat::service {

// Friends, friend requests and blocks. A change binds messages on this node before it is
// acknowledged. If the outcome of a COMMIT is unknown, the reply is `unavailable`, and the other
// user is notified as soon as the tables show that it took effect.
// Threading: thread-safe. Handlers block on the database.
class ContactService {
 public:
  explicit ContactService(ServiceContext& context) : context_(context) {}

  void add_friend(session::Session& session, const Received<messages::AddFriend>& request);
  void answer(session::Session& session, const Received<messages::FriendAnswer>& request);
  void remove_friend(session::Session& session, const Received<messages::RemoveFriend>& request);
  void block(session::Session& session, const Received<messages::Block>& request);

 private:
  using Decide = std::function<Outcome<ContactChange>(storage::Connection&)>;

  // Nothing if the request was refused. `text` is that of a friend request.
  std::optional<ContactChange> store(session::Session& session, const RequestHead& request,
                                     UserId other, std::string text, const Decide& decide);
  void settle(session::Session& session, const RequestHead& request, const ContactChange& change,
              std::string text);
  // Notifies the other user.
  void tell(const session::Identity& who, const ContactChange& change, std::string_view text = {});

  ServiceContext& context_;
};

}  // namespace chat::service

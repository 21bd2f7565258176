#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/protocol/json_writer.h"
#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/protocol/messages/list_messages.h"
#include "chat/session/session.h"
#include "chat/storage/values.h"
#include "service/dispatch/request_types.h"

namespace chat::service {

// Sends the reply to a successful request.
template <typename Reply>
void send_reply(session::Session& session, const RequestHead& request, const Reply& reply) {
  std::string text;
  protocol::append_reply(text, reply, request.cid);
  session.reply(text);
}

// A reply that is written piece by piece: msgid and errno 0, then the handler's fields, then the
// cid. Call send() once.
class OkReply {
 public:
  explicit OkReply(const RequestHead& request);
  protocol::JsonWriter& json() { return writer_; }
  std::size_t size() const { return text_.size(); }
  // The text so far: an open object.
  const std::string& unfinished() const { return text_; }
  void send(session::Session& session);

 private:
  std::string text_;
  protocol::JsonWriter writer_;
  std::string cid_;
};

void refuse(session::Session& session, const RequestHead& request,
            const protocol::Refusal& refusal);
// Refuses the request because of a database error.
void refuse(session::Session& session, const RequestHead& request, const Error& error);

// errno 1, for a failed login or registration.
protocol::Refusal failed(std::string message);
protocol::Refusal bad_field(std::string message);
protocol::Refusal not_found(std::string message);
// The same for a group that the user is not in and one that does not exist.
protocol::Refusal no_such_group();
protocol::Refusal rate_limited(std::chrono::milliseconds retry_after);
protocol::Refusal busy();

// Table rows as items of replies, which borrow the rows' texts.
messages::FriendItem item_of(const storage::Friend& row);
messages::MemberItem item_of(const storage::GroupMember& row);
messages::GroupItem item_of(const storage::Group& row);
messages::GroupItem item_of(const storage::GroupOfMember& row);
messages::GroupItem item_of(const storage::Group& row,
                            const std::vector<storage::GroupMember>& users);

}  // namespace chat::service

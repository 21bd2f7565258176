#pragma once

#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/delivery/backlog.h"
#include "chat/storage/connection.h"
#include "chat/storage/values.h"
#include "replies.h"

namespace chat::service {

// What waits for a user at login.
struct Pending {
  std::vector<delivery::StreamPosition> positions;
  std::vector<delivery::Push> first_page;  // goes out in the answer, oldest first
  bool more = false;                       // the rest follows as pushes
};

Result<Pending> read_pending(delivery::Backlog& backlog, UserId user);

// The fields of LOGIN_ACK (protocol.md, msgid 2), within kReplyMaxBytes: friends first, then
// groups; what does not fit is marked by more_friends and more_groups. Blocks.
Result<void> write_login_reply(OkReply& reply, storage::Connection& connection,
                               const storage::User& user, std::string_view token,
                               const Pending& pending, std::string_view node);

}  // namespace chat::service

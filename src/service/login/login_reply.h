#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/base/result.h"
#include "chat/delivery/backlog.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"
#include "service/dispatch/replies.h"

namespace chat::service {

// What waits for a user at login.
struct Pending {
  std::vector<delivery::StreamPosition> positions;
  std::vector<delivery::Push> first_page;  // goes out in the answer, oldest first
  bool more = false;                       // the rest follows as pushes
};

Result<Pending> read_pending(delivery::Backlog& backlog, UserId user,
                             std::vector<delivery::StreamPosition> positions);

// Whom a user lists and where it is a member, by id. Groups are JSON; those that certainly don't
// fit into an answer any more may be missing, but never the first of them.
struct Lists {
  std::vector<storage::Friend> friends;
  std::vector<std::shared_ptr<const std::string>> groups;
};
using ListsByUser = std::unordered_map<UserId, Lists>;

// Of many users at once: what they share, their groups, is read once. Blocks.
Result<void> read_lists(storage::Connection& connection, std::span<const UserId> users,
                        ListsByUser& lists);

// The fields of LOGIN_ACK (PROTOCOL.md, section 3), within kReplyMaxBytes: friends first, then
// groups; what does not fit is marked by more_friends and more_groups.
void write_login_reply(OkReply& reply, UserId user, std::string_view name, std::string_view token,
                       const Pending& pending, const Lists& lists, std::string_view node);

// A classic client's answer has room for a few messages only: the rest follows as pushes.
void trim_to_classic(const OkReply& reply, protocol::ClassicNumbers numbers, Pending& pending);

}  // namespace chat::service

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

// The messages pending at login.
struct Pending {
  std::vector<delivery::StreamPosition> positions;
  std::vector<delivery::Push> first_page;  // included in the reply, oldest first
  bool more = false;                       // the rest follows as pushes
};

Result<Pending> read_pending(delivery::Backlog& backlog, UserId user,
                             std::vector<delivery::StreamPosition> positions);

// A user's friends and groups, by id. Groups are JSON; those that certainly do not fit into the
// reply may be omitted, but never the first.
struct Lists {
  std::vector<storage::Friend> friends;
  std::vector<std::shared_ptr<const std::string>> groups;
};
using ListsByUser = std::unordered_map<UserId, Lists>;

// For many users at once: shared groups are read once. Blocks.
Result<void> read_lists(storage::Connection& connection, std::span<const UserId> users,
                        ListsByUser& lists);

// The fields of LOGIN_ACK (PROTOCOL.md, section 3), within kReplyMaxBytes: friends first, then
// groups; what does not fit is marked by more_friends and more_groups.
void write_login_reply(OkReply& reply, UserId user, std::string_view name, std::string_view token,
                       const Pending& pending, const Lists& lists, std::string_view node);

// Keeps only the messages that fit into a classic client's reply; the rest follows as pushes.
void trim_to_classic(const OkReply& reply, protocol::ClassicNumbers numbers, Pending& pending);

}  // namespace chat::service

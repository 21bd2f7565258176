#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/storage/message_model.h"
#include "chat/storage/pool.h"
#include "delivery/push/router.h"

namespace chat::delivery {

// Sends receipts (RECEIPT, PROTOCOL.md, section 5) once the positions are in the table. The sender
// of a direct stream gets one with each write of the recipient's cursor, unless the recipient has
// blocked the sender; these writes are already coalesced. In a group, "delivered up to seq" means
// by every other member, which only the table knows, so groups whose cursors moved, or whose
// slowest member may have left, are queried once per tick. Receipts are hints, sent to users who
// are online. Threading: thread-safe. tick() blocks on the database. Bounds: the receipts of
// kGroupsMax groups are remembered; beyond that, some are repeated.
class Receipts {
 public:
  static constexpr std::chrono::milliseconds kInterval{1000};
  static constexpr std::size_t kGroupsMax = 10000;

  Receipts(Router& router, HintRelay& hints, storage::Pool& pool)
      : router_(router), hints_(hints), pool_(pool) {}

  // These cursors were written to the table. Blocks.
  void cursors_written(std::span<const storage::CursorMove> moves);
  // Cursors of these streams moved on other nodes, and the bus may have lost the receipts: sends
  // the current positions to the users of this node. Blocks.
  Result<void> repeat(std::span<const storage::DirectStream> streams,
                      std::span<const GroupId> groups);
  // A membership has ended: the others may have reached more than was told.
  void member_left(GroupId group);
  // True if tick() has work.
  bool due() const;
  void tick();

 private:
  using Slowest = storage::MessageModel::Slowest;
  struct Told {
    Slowest delivered;
    Slowest read;
  };

  Result<void> send_direct(std::vector<DirectReceipt> receipts);
  Result<void> tell_group(storage::Connection& connection, GroupId group) CHAT_REQUIRES(telling_);
  void tell(GroupId group, ReceiptKind kind, const Slowest& before, const Slowest& now,
            Reach reach);

  Router& router_;
  HintRelay& hints_;
  storage::Pool& pool_;
  mutable base::Mutex mutex_;
  std::unordered_set<GroupId> moved_ CHAT_GUARDED_BY(mutex_);
  base::Mutex telling_;  // one tick at a time; taken before mutex_
  std::unordered_map<GroupId, Told> told_ CHAT_GUARDED_BY(telling_);
};

}  // namespace chat::delivery

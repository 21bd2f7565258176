#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/storage/message_model.h"
#include "chat/storage/pool.h"
#include "delivery/push/router.h"

namespace chat::delivery {

// Tells senders how far their recipients are (RECEIPT, PROTOCOL.md, section 5), once that is in the
// table. A direct stream's sender is told with each write of the recipient's cursor, which is
// coalesced already. In a group "delivered up to seq" means to every other member, which only the
// table knows: groups whose cursors moved are looked up once a tick. Receipts are hints, told to
// whoever is online then.
// Threading: thread-safe. tick() blocks on the database.
// Bounds: kGroupsMax groups are remembered; when there are more, some receipts are told again.
class Receipts {
 public:
  static constexpr std::chrono::milliseconds kInterval{1000};
  static constexpr std::size_t kGroupsMax = 10000;

  Receipts(Router& router, HintRelay& hints, storage::Pool& pool)
      : router_(router), hints_(hints), pool_(pool) {}

  // These cursors are in the table now.
  void cursors_written(std::span<const storage::CursorMove> moves);
  // On other nodes cursors of these moved, and the bus may not have told this one: tells the users
  // of this node how far they are now. Blocks.
  Result<void> repeat(std::span<const storage::DirectStream> streams,
                      std::span<const GroupId> groups);
  // Is there anything for a tick to do?
  bool due() const;
  void tick();

 private:
  using Slowest = storage::MessageModel::Slowest;
  struct Told {
    Slowest delivered;
    Slowest read;
  };

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

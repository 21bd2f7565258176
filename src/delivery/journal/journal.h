#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "chat/delivery/entry.h"
#include "delivery/journal/lane.h"
#include "delivery/journal/sender_epochs.h"
#include "delivery/journal/side_queue.h"
#include "delivery/journal/stores.h"
#include "delivery/journal/stream_cache.h"

// The journal: group commit for chat messages (src/delivery/README.md).
//
// A lane takes whatever queued while its previous batch was committing, stores it in one
// transaction, and only then hands the entries on to be acknowledged and pushed. While requests
// wait for a worker, a batch waits a moment for them. So batches grow with load, a lone message
// waits for nobody, and an fsync is shared by all who came meanwhile. Direct and group messages
// have a lane each: a lock on a hot group stalls no direct chat. `seq` is assigned from the
// committed head; after any failure the cached heads are thrown away and read again, so no seq is
// used twice and none is left out. A repeated cid is recognised against what is stored, which also
// settles a commit whose outcome was lost: read again, found there, acknowledged with its seq.
namespace chat::delivery {

// Takes entries out of the journal, in order, once their fate is known. On the lane's thread.
class JournalListener {
 public:
  virtual ~JournalListener() = default;
  virtual void on_direct_settled(std::vector<DirectEntry> entries) = 0;
  virtual void on_group_settled(std::vector<GroupEntry> entries) = 0;
};

// Decides and stores one batch; an error is everybody's. Threading: externally synchronised.
class DirectCommitter {
 public:
  DirectCommitter(DirectStore& store, const base::Clock& clock)
      : store_(store), streams_(store), senders_(store, clock), clock_(clock) {}
  static std::uint64_t key_of(const DirectEntry& entry);
  Result<void> commit(std::vector<DirectEntry>& entries);

 private:
  using Entries = std::span<DirectEntry* const>;
  using Rows = std::vector<const storage::DirectMessage*>;
  Result<void> look_up(Entries entries);
  Result<void> try_once(Entries entries);
  Result<void> plan(Entries entries, UnixMillis now, Rows& rows);
  Result<bool> are_newest(Entries entries);
  UnixMillis next_time();

  DirectStore& store_;
  StreamCache streams_;
  SenderEpochs senders_;
  const base::Clock& clock_;
  UnixMillis last_time_ = 0;
};

class GroupCommitter {
 public:
  GroupCommitter(GroupStore& store, const base::Clock& clock) : store_(store), clock_(clock) {}
  static std::uint64_t key_of(const GroupEntry& entry);
  Result<void> commit(std::vector<GroupEntry>& entries);

 private:
  using Entries = std::vector<GroupEntry*>;
  Result<void> try_once(std::span<GroupEntry* const> entries);
  Result<void> store_all(std::span<GroupEntry* const> entries);
  Result<void> store_group(GroupId group, const Entries& entries);
  Result<bool> decide(GroupEntry& entry, const Entries& earlier, GroupStore::Head& head);

  void note_head(GroupId group, Seq head);
  void keep_heads();

  static constexpr std::size_t kHeadsMax = 20'000;

  GroupStore& store_;
  const base::Clock& clock_;
  // The highest heads that this node has committed, to notice a database that has lost rows.
  std::unordered_map<GroupId, Seq> heads_;
  std::vector<std::pair<GroupId, Seq>> new_heads_;  // of the running transaction
};

// Both lanes over one database.
class Journal {
 public:
  Journal(std::unique_ptr<DirectStore> direct_store, std::unique_ptr<GroupStore> group_store,
          JournalListener& listener, const MoreComing& more_coming, const base::Clock& clock);

  void start();
  void stop();
  [[nodiscard]] bool append(DirectEntry&& entry) { return direct_.append(std::move(entry)); }
  [[nodiscard]] bool append(GroupEntry&& entry) { return group_.append(std::move(entry)); }

 private:
  std::unique_ptr<DirectStore> direct_store_;
  std::unique_ptr<GroupStore> group_store_;
  Lane<DirectEntry, SideQueue<DirectEntry, DirectCommitter>> direct_;
  Lane<GroupEntry, SideQueue<GroupEntry, GroupCommitter>> group_;
};

}  // namespace chat::delivery

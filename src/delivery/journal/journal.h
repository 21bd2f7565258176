#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "chat/delivery/entry.h"
#include "delivery/journal/contact_news.h"
#include "delivery/journal/contact_rules.h"
#include "delivery/journal/lane.h"
#include "delivery/journal/side_queue.h"
#include "delivery/journal/stores.h"
#include "delivery/journal/stream_cache.h"
#include "delivery/journal/user_looks.h"

// The journal: group commit for chat messages (src/delivery/README.md).
//
// A lane takes all entries that queued while its previous batch was committing, stores them in one
// transaction, and only then passes them on to be acknowledged and pushed. While requests wait for
// a worker, a batch waits briefly for them. So batches grow with the load, a lone message does not
// wait, and one fsync serves all entries that arrived meanwhile. Direct and group messages have
// separate lanes, so that a lock on a busy group delays no direct chat. `seq` is assigned from the
// committed head, which is read again after an outcome that is unknown, so no seq is used twice or
// skipped. A repeated cid is detected by comparison with the table, which also resolves a commit of
// unknown outcome: the row is found there and acknowledged with its seq.
namespace chat::delivery {

// Receives settled entries in order, on the lane's thread.
class JournalListener {
 public:
  virtual ~JournalListener() = default;
  virtual void on_direct_settled(std::vector<DirectEntry> entries) = 0;
  virtual void on_group_settled(std::vector<GroupEntry> entries) = 0;
};

// Decides and stores one batch; an error means that the database as a whole failed. Threading:
// externally synchronised.
class DirectCommitter {
 public:
  DirectCommitter(DirectStore& store, ContactNews& contact_news, const base::Clock& clock)
      : store_(store),
        contact_news_(contact_news),
        streams_(store),
        users_(store, clock),
        contact_rules_(store),
        clock_(clock) {}
  static std::uint64_t key_of(const DirectEntry& entry);
  Result<void> commit(std::vector<DirectEntry>& entries);

 private:
  using Entries = std::span<DirectEntry* const>;
  using Rows = std::vector<const storage::DirectMessage*>;
  void use_connection(std::uint64_t number);
  Result<void> look_up(Entries entries);
  Result<void> try_once(Entries entries);
  Result<void> look_up_targets(Entries entries);
  bool has_target(const DirectEntry& entry, const Rows& planned) const;
  Result<void> plan(Entries entries, UnixMillis now, Rows& rows);
  Result<void> look_up_users(Entries entries);
  Result<bool> holds(Entries entries);
  Result<void> not_stored(Entries entries, const Rows& rows, Error error, base::SteadyTime until);
  Result<void> mark_locked(Entries entries, const Rows& rows);
  base::SteadyTime valid_until(const Rows& rows) const;
  void forget_users(const Rows& rows);
  UnixMillis next_time();

  DirectStore& store_;
  ContactNews& contact_news_;
  StreamCache streams_;
  UserLooks users_;
  ContactRules contact_rules_;
  const base::Clock& clock_;
  std::vector<storage::MessageName> targets_;  // of the replies in the batch, as far as they exist
  std::uint64_t connection_ = 0;
  UnixMillis last_time_ = 0;
  base::SteadyTime doubtful_until_;  // when the last batch of unknown outcome can no longer arrive
};

class GroupCommitter {
 public:
  GroupCommitter(GroupStore& store, const base::Clock& clock) : store_(store), clock_(clock) {}
  static std::uint64_t key_of(const GroupEntry& entry);
  Result<void> commit(std::vector<GroupEntry>& entries);

 private:
  using Entries = std::vector<GroupEntry*>;
  using ByGroup = std::map<GroupId, Entries>;
  using Writer = GroupStore::Writer;
  using Writers = std::vector<Writer>;
  using CidKey = std::tuple<GroupId, UserId, std::string>;
  using People = std::set<std::pair<GroupId, UserId>>;
  // Hopeful: takes for granted that no message is a repetition and no row but a group's own is
  // locked. If the database then refuses the batch, careful attempts look at each.
  enum class Attempt { kHopeful, kCareful };
  Result<void> try_once(std::span<GroupEntry* const> entries);
  Result<void> try_to_store(std::span<GroupEntry* const> entries);
  Result<void> store_all(std::span<GroupEntry* const> entries);
  Result<void> set_apart(std::span<const GroupId> ids, std::span<GroupStore::Locking> groups);
  Result<void> look_up(const ByGroup& groups, std::span<const GroupStore::Locking> lockings);
  Result<void> find_targets(const std::set<std::pair<GroupId, Seq>>& targets);
  Result<void> look_at_writers(const People& people);
  Result<void> renew_look();
  bool looks_for(const GroupEntry& entry) const;
  Result<void> find_in_table(const Entries& entries);
  const storage::GroupMessage* stored_as(const GroupEntry& entry) const;
  Result<void> settle_refused();
  Result<void> decide_all(const Entries& entries, GroupStore::Locking& group);
  Result<void> store_decided();
  Result<void> store_mentions();
  Result<bool> decide(GroupEntry& entry, const Entries& earlier, GroupStore::Locking& group);
  bool find_stored(GroupEntry& entry, const Entries& earlier);
  void note_repeater(UserId sender);
  void forget_repeaters();
  static void answer_with(GroupEntry& entry, const storage::GroupMessage& stored);
  Result<bool> may_write(GroupEntry& entry, const Entries& earlier, GroupStore::Locking& group);
  Result<bool> may_mark(GroupEntry& entry, const Writer& writer, const Entries& earlier,
                        GroupStore::Locking& group);
  bool has_reply_target(const GroupEntry& entry, const Writer& writer,
                        const Entries& earlier) const;
  std::optional<UserId> find_non_member(const GroupEntry& entry) const;
  Result<bool> may_mention_all(GroupEntry& entry, GroupStore::Locking& group);
  void note_head(GroupId group, Seq head);
  base::SteadyTime valid_until() const;
  void keep_heads();

  GroupStore& store_;
  const base::Clock& clock_;
  // The highest heads committed by this node, to detect a database that has lost rows.
  std::unordered_map<GroupId, Seq> heads_;
  // Who has lately repeated a message: theirs are always looked up, so that not all are careful.
  std::unordered_map<UserId, std::chrono::steady_clock::time_point> repeaters_;
  Attempt attempt_ = Attempt::kHopeful;
  std::chrono::steady_clock::time_point began_;  // the running commit()
  base::SteadyTime looked_;          // when the writers of the running transaction were read
  base::SteadyTime doubtful_until_;  // when the last batch of unknown outcome can no longer arrive
  // Of the running transaction:
  std::vector<storage::GroupMessage> rows_;    // the new messages
  std::vector<storage::GroupMessage> newest_;  // the last of each group's
  Entries marked_;                             // of the new ones, those with mentions or a reply
  Entries refused_;                            // perhaps stored already, which was not looked up
  std::map<CidKey, storage::GroupMessage> found_;
  std::set<std::pair<GroupId, Seq>> targets_;  // of replies, as far as they exist
  Writers writers_;              // those who have sent or are mentioned, by group and user
  bool writer_changed_ = false;  // since writers_ were read first
};

// Both lanes over one database.
class Journal {
 public:
  Journal(std::unique_ptr<DirectStore> direct_store, std::unique_ptr<GroupStore> group_store,
          JournalListener& listener, const LookUpstream& upstream, const base::Clock& clock);

  void start();
  void stop();
  [[nodiscard]] bool append(DirectEntry&& entry) { return direct_.append(std::move(entry)); }
  [[nodiscard]] bool append(GroupEntry&& entry) { return group_.append(std::move(entry)); }
  // See ContactNews.
  [[nodiscard]] bool contacts_changed(std::span<const UserId> users) {
    return contact_news_.changed(users);
  }

 private:
  std::unique_ptr<DirectStore> direct_store_;
  std::unique_ptr<GroupStore> group_store_;
  ContactNews contact_news_;
  Lane<DirectEntry, SideQueue<DirectEntry, DirectCommitter>> direct_;
  Lane<GroupEntry, SideQueue<GroupEntry, GroupCommitter>> group_;
};

}  // namespace chat::delivery

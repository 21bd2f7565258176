#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/cluster/node_lease.h"
#include "chat/storage/database.h"
#include "chat/storage/direct_rows.h"
#include "chat/storage/group_model.h"
#include "chat/storage/mention_values.h"
#include "chat/storage/message_model.h"
#include "chat/storage/values.h"

// The journal lanes' interface to the database, so that tests can inject faults; each
// implementation keeps one connection and reopens it when it is dead. Threading: externally
// synchronised (their lane's thread). All calls block.
namespace chat::delivery {

class DirectStore {
 public:
  virtual ~DirectStore() = default;
  // True if what was sent to it may arrive after the call has failed.
  virtual bool is_remote() const = 0;
  // Ensures a connection and returns its number, from 1. A new number invalidates everything read
  // before, because the address may lead to another server by now. The other calls use this
  // connection, and fail if it has died.
  virtual Result<std::uint64_t> connect() = 0;
  // The newest `limit` messages of each stream from seq `from` on; in key order.
  using Tail = storage::MessageModel::DirectTail;
  virtual Result<std::vector<storage::DirectMessage>> tails(std::span<const Tail> streams,
                                                            std::size_t limit) = 0;
  // Those of the streams that have a message, in no order.
  virtual Result<std::vector<storage::DirectStream>> begun(
      std::span<const storage::DirectStream> streams) = 0;
  // True if senders can log in on other nodes, and so write their streams there.
  virtual bool shared() const = 0;
  // The login states of these users; only those that exist, in no order.
  virtual Result<std::vector<storage::UserState>> states(std::span<const UserId> users) = 0;
  // The right of each stream's sender to write to its recipient, in the same order.
  virtual Result<std::vector<storage::ChatRight>> chat_rights(
      std::span<const storage::DirectStream> streams) = 0;
  // Those of these direct messages that exist and are no event rows, in no order.
  virtual Result<std::vector<storage::MessageName>> texts_among(
      std::span<const storage::MessageName> messages) = 0;
  // See storage::MessageModel::locked_heads(). kTimeout: the table itself is locked.
  using Head = storage::MessageModel::DirectPlace;
  virtual Result<std::vector<storage::DirectStream>> locked_heads(std::span<const Head> heads) = 0;
  // Stores all rows in one transaction, or none. Rows come in key order. kTimeout: they reached the
  // database later than `by` (Clock::boot_now()), or the table is locked. kBusy: a row is.
  virtual Result<void> append(storage::DirectRows rows, base::SteadyTime by) = 0;
};

class GroupStore {
 public:
  virtual ~GroupStore() = default;
  // As DirectStore::is_remote().
  virtual bool is_remote() const = 0;
  virtual Result<void> begin() = 0;
  // kTimeout as for DirectStore::append().
  virtual Result<void> commit(base::SteadyTime by) = 0;
  virtual void rollback() = 0;

  struct Head {
    Seq seq = 0;
    UnixMillis sent_at = 0;
    std::int64_t n = 0;  // countable messages up to `seq`
  };
  struct Locking {
    enum class State {
      kHeld,
      kInWay,    // another transaction has it
      kMissing,  // there is no such group
    };
    State state = State::kMissing;
    // If locked:
    Head head;
    UnixMillis muted_until = 0;  // normal members may not write before
    bool dismissed = false;
    // When a message last mentioned everybody; nothing: not looked up yet.
    std::optional<UnixMillis> last_of_all{};
  };
  // Locks the groups until the transaction ends, without waiting for other transactions; returns
  // what is known of them, in the same order. kTimeout: the table itself is locked.
  virtual Result<std::vector<Locking>> lock(std::span<const GroupId> groups) = 0;
  using Writer = storage::GroupModel::Writer;
  // The newest sessions, on any node, and the rights of those who are members, in no order.
  virtual Result<std::vector<Writer>> writers(std::span<const storage::Membership> members) = 0;
  using Cid = storage::MessageModel::GroupCid;
  // Those that exist, in no order.
  virtual Result<std::vector<storage::GroupMessage>> find(std::span<const Cid> cids) = 0;
  using Place = storage::MessageModel::GroupPlace;
  // See storage::MessageModel::group_texts_among().
  virtual Result<std::vector<Place>> texts_among(std::span<const Place> places) = 0;
  // See storage::MentionModel.
  virtual Result<UnixMillis> last_of_all(GroupId group) = 0;
  // Those of the groups whose newest row, and so the place of the next, is locked.
  virtual Result<std::vector<GroupId>> locked_heads(std::span<const Place> heads) = 0;
  // kConflict: one is stored already, or its seq is used. kBusy: the place of a row is locked.
  virtual Result<void> insert(std::span<const storage::GroupMessage> rows) = 0;
  virtual Result<void> insert(std::span<const storage::Mention> mentions) = 0;
  // The last of each group's rows that were inserted.
  virtual Result<void> set_newest(std::span<const storage::GroupMessage> texts) = 0;
};

// The stores write only while the node's lease is held: a process that was suspended for long must
// not continue with its queue after others have taken over its users. The database itself refuses
// what reaches it later.
std::unique_ptr<DirectStore> make_direct_store(storage::Database& database,
                                               const cluster::NodeLease& lease);
std::unique_ptr<GroupStore> make_group_store(storage::Database& database,
                                             const cluster::NodeLease& lease);

}  // namespace chat::delivery

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
#include "chat/storage/values.h"

// What the journal's lanes need from the database. Interfaces, so that tests can put a fault
// wherever one is due; the implementations keep one connection each and open it anew when it
// is dead. Threading: externally synchronised (their lane's thread). All calls block.
namespace chat::delivery {

class DirectStore {
 public:
  virtual ~DirectStore() = default;
  // Makes sure of a connection and numbers it, from 1. With a new number whatever was read before
  // may be untrue: the address may lead to another server by now. The other calls use this
  // connection, and fail when it has died.
  virtual Result<std::uint64_t> connect() = 0;
  // The newest `limit` messages of a stream, oldest first.
  virtual Result<std::vector<storage::DirectMessage>> tail(UserId recipient, UserId sender,
                                                           std::size_t limit) = 0;
  // Which of these streams have a message, in no order.
  virtual Result<std::vector<storage::DirectStream>> begun(
      std::span<const storage::DirectStream> streams) = 0;
  // Whether other nodes can log senders in, and so write their streams.
  virtual bool shared() const = 0;
  // Who is where, of these users: those that exist, in no order.
  virtual Result<std::vector<storage::UserState>> states(std::span<const UserId> users) = 0;
  // Stores all rows in one transaction, or none. Rows come in key order.
  virtual Result<void> append(storage::DirectRows rows) = 0;
};

class GroupStore {
 public:
  virtual ~GroupStore() = default;
  virtual Result<void> begin() = 0;
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;

  struct Head {
    Seq seq = 0;
    UnixMillis sent_at = 0;
  };
  struct Locking {
    enum class State {
      kHeld,
      kInWay,    // somebody else has it
      kMissing,  // there is no such group
    };
    State state = State::kMissing;
    Head head;  // of one that is held
  };
  // Locks the group until the transaction ends, unless somebody else has it: that is kInWay, or the
  // error kBusy, which ends the transaction. Does not wait for it.
  virtual Result<Locking> lock(GroupId group) = 0;
  // The newest session of a member, on whichever node. Nothing: not a member.
  virtual Result<std::optional<SessionEpoch>> member_epoch(GroupId group, UserId user) = 0;
  virtual Result<std::optional<storage::GroupMessage>> find(GroupId group, UserId sender,
                                                            std::string_view cid) = 0;
  virtual Result<void> insert(std::span<const storage::GroupMessage> rows) = 0;
  virtual Result<void> set_head(GroupId group, Seq seq) = 0;
};

// They write only while the node's lease is held: a process that was stopped for long must not go
// on with its queue when others have taken its users over.
std::unique_ptr<DirectStore> make_direct_store(storage::Database& database,
                                               const cluster::NodeLease& lease);
std::unique_ptr<GroupStore> make_group_store(storage::Database& database,
                                             const cluster::NodeLease& lease);

}  // namespace chat::delivery

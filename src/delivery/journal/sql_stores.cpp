#include <algorithm>
#include <cstdint>
#include <utility>

#include "chat/storage/contact_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/mention_model.h"
#include "chat/storage/message_model.h"
#include "chat/storage/user_model.h"
#include "delivery/journal/sabotaged_stores.h"
#include "delivery/journal/stores.h"

namespace chat::delivery {
namespace {

using storage::Connection;
using storage::MessageModel;
using storage::TransactionKind;

// A lock on one row must not delay the messages of others: a lane does not wait for it and retries
// later (SideQueue). SQLite has no row locks.
Result<void> wait_for_no_row(Connection& connection) {
  if (connection.dialect() != storage::Dialect::kMysql) return {};
  return connection.set_lock_waits({.tables = true, .rows = false});
}

// A lane's own connection, opened on first use and reopened when it has died.
class OwnConnection {
 public:
  enum class Use { kStatements, kTransactions };

  OwnConnection(storage::Database& database, Use use) : database_(database), use_(use) {}

  Result<Connection*> get() {
    if (connection_ == nullptr || !connection_->usable()) {
      connection_.reset();
      auto opened = database_.connect();
      if (!opened) return fail(opened);
      if (auto set = wait_for_no_row(**opened); !set) return fail(set);
      if (use_ == Use::kTransactions) {
        if (auto set = (*opened)->begin_implicitly(); !set) return fail(set);
      }
      connection_ = std::move(*opened);
      ++number_;
    }
    return connection_.get();
  }

  // The connection last returned by get(), if it is alive.
  Result<Connection*> current() {
    if (connection_ != nullptr && connection_->usable()) return connection_.get();
    return fail(ErrorCode::kUnavailable, "the connection to the database was lost");
  }
  bool is_remote() const { return !database_.exclusive(); }
  // How many connections were opened.
  std::uint64_t number() const { return number_; }

 private:
  storage::Database& database_;
  const Use use_;
  std::unique_ptr<Connection> connection_;
  std::uint64_t number_ = 0;
};

Result<void> must_be_held(const cluster::NodeLease& lease) {
  if (lease.held()) return {};
  return fail(ErrorCode::kUnavailable, "this node's lease has run out");
}

class SqlDirectStore final : public DirectStore {
 public:
  SqlDirectStore(storage::Database& database, const cluster::NodeLease& lease)
      : connection_(database, OwnConnection::Use::kStatements), lease_(lease) {}

  Result<std::uint64_t> connect() override {
    auto connection = connection_.get();
    if (!connection) return fail(connection);
    // Compares the clocks now: between the looks and append() there is no time for it.
    if ((*connection)->takes_rows()) {
      if (auto time = (*connection)->server_time(base::SteadyTime::max()); !time) return fail(time);
    }
    return connection_.number();
  }

  Result<std::vector<storage::DirectMessage>> tail(UserId recipient, UserId sender,
                                                   std::size_t limit) override {
    auto connection = connection_.current();
    if (!connection) return fail(connection);
    return MessageModel(**connection).direct_tail(recipient, sender, limit);
  }

  Result<std::vector<storage::DirectStream>> begun(
      std::span<const storage::DirectStream> streams) override {
    auto connection = connection_.current();
    if (!connection) return fail(connection);
    return MessageModel(**connection).begun(streams);
  }

  bool is_remote() const override { return connection_.is_remote(); }
  bool shared() const override { return !lease_.alone(); }

  Result<std::vector<storage::UserState>> states(std::span<const UserId> users) override {
    auto connection = connection_.current();
    if (!connection) return fail(connection);
    return storage::UserModel(**connection).states(users);
  }

  Result<std::vector<storage::ChatRight>> chat_rights(
      std::span<const storage::DirectStream> streams) override {
    auto connection = connection_.current();
    if (!connection) return fail(connection);
    return storage::ContactModel(**connection).chat_rights(streams);
  }

  Result<std::vector<storage::MessageName>> texts_among(
      std::span<const storage::MessageName> messages) override {
    auto connection = connection_.current();
    if (!connection) return fail(connection);
    return storage::MentionModel(**connection).texts_among(messages);
  }

  Result<void> append(storage::DirectRows rows, base::SteadyTime by) override {
    if (auto held = must_be_held(lease_); !held) return held;
    auto connection = connection_.current();
    if (!connection) return fail(connection);
    return MessageModel(**connection).append_direct(rows, std::min(by, lease_.held_until()));
  }

 private:
  OwnConnection connection_;
  const cluster::NodeLease& lease_;
};

class SqlGroupStore : public GroupStore {
 public:
  SqlGroupStore(storage::Database& database, const cluster::NodeLease& lease)
      : own_(database, OwnConnection::Use::kTransactions), lease_(lease) {}

  bool is_remote() const override { return own_.is_remote(); }
  Result<void> begin() override {
    if (auto held = must_be_held(lease_); !held) return held;
    auto connection = own_.get();
    if (!connection) return fail(connection);
    connection_ = *connection;
    return connection_->begin(TransactionKind::kWrite);
  }
  Result<void> commit(base::SteadyTime by) override {
    return connection_->commit_by(std::min(by, lease_.held_until()));
  }
  void rollback() override {
    if (connection_ != nullptr && connection_->in_transaction()) connection_->rollback();
  }

  Result<std::vector<Locking>> lock(std::span<const GroupId> groups) override {
    auto locked = MessageModel(*connection_).try_lock_groups(groups);
    if (!locked) return fail(locked);
    const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
    std::sort(locked->begin(), locked->end(), by_id);
    std::vector<Locking> lockings;
    for (const GroupId group : groups) {
      const auto row = std::lower_bound(locked->begin(), locked->end(),
                                        MessageModel::LockedGroup{.id = group}, by_id);
      const bool is_held = row != locked->end() && row->id == group;
      auto locking = is_held ? held(*row) : not_locked(group);
      if (!locking) return fail(locking);
      lockings.push_back(*locking);
    }
    return lockings;
  }
  Result<std::vector<Writer>> writers(std::span<const storage::Membership> members) override {
    return storage::GroupModel(*connection_).writers(members);
  }
  Result<std::vector<storage::GroupMessage>> find(std::span<const Cid> cids) override {
    return MessageModel(*connection_).group_messages_of(cids);
  }
  Result<std::vector<Place>> texts_among(std::span<const Place> places) override {
    return MessageModel(*connection_).group_texts_among(places);
  }
  Result<UnixMillis> last_of_all(GroupId group) override {
    return storage::MentionModel(*connection_).last_of_all(group);
  }
  Result<void> insert(std::span<const storage::GroupMessage> rows) override {
    return MessageModel(*connection_).insert_group(rows);
  }
  Result<void> insert(std::span<const storage::Mention> mentions) override {
    return storage::MentionModel(*connection_).insert(mentions);
  }
  Result<void> set_newest(std::span<const storage::GroupMessage> texts) override {
    return MessageModel(*connection_).set_group_newest(texts);
  }

 private:
  // MySQL skips what is locked; the others return whatever exists, or fail.
  Result<Locking> not_locked(GroupId group) {
    const bool skips =
        connection_->dialect() == storage::Dialect::kMysql && !connection_->takes_rows();
    if (!skips) return Locking{};
    const auto found = storage::GroupModel(*connection_).find(group);
    if (!found) return fail(found);
    return Locking{*found ? Locking::State::kInWay : Locking::State::kMissing, {}};
  }
  Result<Locking> held(const MessageModel::LockedGroup& group) {
    auto row = group.head_row;
    if (!row) {
      auto read = MessageModel(*connection_).group_head(group.id, group.head);
      if (!read) return fail(read);
      row = *read;
    }
    return Locking{Locking::State::kHeld,
                   {group.head, row->sent_at, row->n},
                   group.muted_until,
                   group.dismissed};
  }

  OwnConnection own_;
  const cluster::NodeLease& lease_;
  Connection* connection_ = nullptr;  // of the running transaction
};

}  // namespace

std::unique_ptr<DirectStore> make_direct_store(storage::Database& database,
                                               const cluster::NodeLease& lease) {
  return maybe_hasty(std::make_unique<SqlDirectStore>(database, lease));
}

std::unique_ptr<GroupStore> make_group_store(storage::Database& database,
                                             const cluster::NodeLease& lease) {
  return make_maybe_early<SqlGroupStore>(database, lease);
}

}  // namespace chat::delivery

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <unordered_map>
#include <utility>
#include <vector>

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

// A lane's own connection, opened on first use and reopened when it has died.
//
// A lock on one row must not delay the messages of others: the lane does not wait for it and
// retries later (SideQueue). It waits for a lock on a table, but when it has met one, not again for
// kLately: requests of one client, which are answered in turn, would add up these waits. SQLite has
// no row locks.
class OwnConnection {
 public:
  enum class Use { kStatements, kTransactions };

  OwnConnection(storage::Database& database, Use use) : database_(database), use_(use) {}

  Result<Connection*> get() {
    if (connection_ == nullptr || !connection_->usable()) {
      connection_.reset();
      auto opened = database_.connect();
      if (!opened) return fail(opened);
      if (use_ == Use::kTransactions) {
        if (auto set = (*opened)->begin_implicitly(); !set) return fail(set);
      }
      connection_ = std::move(*opened);
      ++number_;
    }
    auto set = connection_->set_lock_waits({.tables = !was_stopped(), .rows = false});
    if (!set) return fail(set);
    return connection_.get();
  }

  // Passes on how a call ended. A lock that ended it is on a table, unless the call may meet those
  // of rows; then kTimeout tells that it is.
  enum class Locks { kOfTables, kOfRowsToo };
  template <typename T>
  Result<T> noted(Result<T> outcome, Locks locks) {
    if (outcome || !connection_->met_lock()) return outcome;
    const bool has_rows = connection_->dialect() == storage::Dialect::kMysql;
    ErrorCode& code = outcome.error().code;
    if (code == ErrorCode::kBusy && (locks == Locks::kOfTables || !has_rows)) {
      code = ErrorCode::kTimeout;
    }
    // If tables are not waited for, it may still be the same lock, which blocks all commits.
    if (code == ErrorCode::kTimeout || was_stopped()) stopped_ = std::chrono::steady_clock::now();
    return outcome;
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
  static constexpr std::chrono::seconds kLately{2};

  bool was_stopped() const { return std::chrono::steady_clock::now() - stopped_ < kLately; }

  storage::Database& database_;
  const Use use_;
  std::chrono::steady_clock::time_point stopped_;  // when a lock on a table was last met
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
      : own_(database, OwnConnection::Use::kStatements), lease_(lease) {}

  Result<std::uint64_t> connect() override {
    auto connection = own_.get();
    if (!connection) return fail(connection);
    // Compares the clocks now: between the looks and append() there is no time for it.
    if ((*connection)->takes_rows()) {
      if (auto time = (*connection)->server_time(base::SteadyTime::max()); !time) return fail(time);
    }
    return own_.number();
  }

  Result<std::vector<storage::DirectMessage>> tails(std::span<const Tail> streams,
                                                    std::size_t limit) override {
    return ask([&](Connection& db) { return MessageModel(db).direct_tails(streams, limit); });
  }
  Result<std::vector<storage::DirectStream>> begun(
      std::span<const storage::DirectStream> streams) override {
    return ask([&](Connection& db) { return MessageModel(db).begun(streams); });
  }
  Result<std::vector<storage::DirectStream>> locked_heads(std::span<const Head> heads) override {
    return ask([&](Connection& db) { return MessageModel(db).locked_heads(heads); });
  }
  bool is_remote() const override { return own_.is_remote(); }
  bool shared() const override { return !lease_.alone(); }
  Result<std::vector<storage::UserState>> states(std::span<const UserId> users) override {
    return ask([&](Connection& db) { return storage::UserModel(db).states(users); });
  }
  Result<std::vector<storage::ChatRight>> chat_rights(
      std::span<const storage::DirectStream> streams) override {
    return ask([&](Connection& db) { return storage::ContactModel(db).chat_rights(streams); });
  }
  Result<std::vector<storage::MessageName>> texts_among(
      std::span<const storage::MessageName> messages) override {
    return ask([&](Connection& db) { return storage::MentionModel(db).texts_among(messages); });
  }

  Result<void> append(storage::DirectRows rows, base::SteadyTime by) override {
    if (auto held = must_be_held(lease_); !held) return held;
    auto connection = own_.current();
    if (!connection) return fail(connection);
    auto stored = MessageModel(**connection).append_direct(rows, std::min(by, lease_.held_until()));
    return own_.noted(std::move(stored), OwnConnection::Locks::kOfRowsToo);
  }

 private:
  // A question waits for no row.
  template <typename Question>
  auto ask(Question question) -> decltype(question(std::declval<Connection&>())) {
    auto connection = own_.current();
    if (!connection) return fail(connection);
    return own_.noted(question(**connection), OwnConnection::Locks::kOfTables);
  }

  OwnConnection own_;
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
    return asked(connection_->begin(TransactionKind::kWrite));
  }
  Result<void> commit(base::SteadyTime by) override {
    auto committed = connection_->commit_by(std::min(by, lease_.held_until()));
    return own_.noted(std::move(committed), Locks::kOfRowsToo);
  }
  void rollback() override {
    if (connection_ != nullptr && connection_->in_transaction()) connection_->rollback();
  }

  Result<std::vector<Locking>> lock(std::span<const GroupId> groups) override {
    const auto locked = asked(MessageModel(*connection_).try_lock_groups(groups));
    if (!locked) return fail(locked);
    std::unordered_map<GroupId, Locking> lockings;
    for (const MessageModel::LockedGroup& group : *locked) {
      lockings[group.id] = {Locking::State::kHeld,
                            {group.head, group.head_row.sent_at, group.head_row.n},
                            group.muted_until,
                            group.dismissed};
    }
    std::vector<GroupId> rest;
    std::copy_if(groups.begin(), groups.end(), std::back_inserter(rest),
                 [&](const GroupId group) { return !lockings.contains(group); });
    // Only MySQL and MariaDB skip what is locked.
    if (connection_->dialect() == storage::Dialect::kMysql && !rest.empty()) {
      const auto existing = asked(storage::GroupModel(*connection_).find(rest));
      if (!existing) return fail(existing);
      for (const storage::Group& group : *existing)
        lockings[group.id].state = Locking::State::kInWay;
    }
    std::vector<Locking> in_order;
    for (const GroupId group : groups) in_order.push_back(lockings[group]);
    return in_order;
  }
  Result<std::vector<Writer>> writers(std::span<const storage::Membership> members) override {
    return asked(storage::GroupModel(*connection_).writers(members));
  }
  Result<std::vector<storage::GroupMessage>> find(std::span<const Cid> cids) override {
    return asked(MessageModel(*connection_).group_messages_of(cids));
  }
  Result<std::vector<Place>> texts_among(std::span<const Place> places) override {
    return asked(MessageModel(*connection_).group_texts_among(places));
  }
  Result<UnixMillis> last_of_all(GroupId group) override {
    return asked(storage::MentionModel(*connection_).last_of_all(group));
  }
  Result<void> insert(std::span<const storage::GroupMessage> rows) override {
    return own_.noted(MessageModel(*connection_).insert_group(rows), Locks::kOfRowsToo);
  }
  Result<void> insert(std::span<const storage::Mention> mentions) override {
    return own_.noted(storage::MentionModel(*connection_).insert(mentions), Locks::kOfRowsToo);
  }
  Result<void> set_newest(std::span<const storage::GroupMessage> texts) override {
    return own_.noted(MessageModel(*connection_).set_group_newest(texts), Locks::kOfRowsToo);
  }
  Result<std::vector<GroupId>> locked_heads(std::span<const Place> heads) override {
    return asked(MessageModel(*connection_).locked_group_heads(heads));
  }

 private:
  using Locks = OwnConnection::Locks;

  // The outcome of what waits for no row.
  template <typename T>
  Result<T> asked(Result<T> outcome) {
    return own_.noted(std::move(outcome), Locks::kOfTables);
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

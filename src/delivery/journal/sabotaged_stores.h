#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "chat/base/sabotage.h"
#include "delivery/journal/batch.h"
#include "delivery/journal/stores.h"

// Stores that break a promise on purpose (chat/base/sabotage.h). Without sabotage the functions
// below return the plain store.
namespace chat::delivery {

#ifdef CHAT_SABOTAGE
// The sabotage kAckBeforeCommit: reports rows as stored, then stores them, and retries until that
// succeeds. So it only fails if the process dies.
class HastyStore final : public DirectStore {
 public:
  explicit HastyStore(std::unique_ptr<DirectStore> store) : store_(std::move(store)) {}
  ~HastyStore() override {
    giving_up_ = true;
    settle();
  }

  Result<std::uint64_t> connect() override {
    settle();
    return store_->connect();
  }
  Result<std::vector<storage::DirectMessage>> tails(std::span<const Tail> streams,
                                                    std::size_t limit) override {
    settle();
    return store_->tails(streams, limit);
  }
  Result<std::vector<storage::DirectStream>> begun(
      std::span<const storage::DirectStream> streams) override {
    settle();
    return store_->begun(streams);
  }
  bool is_remote() const override { return store_->is_remote(); }
  bool shared() const override { return store_->shared(); }
  Result<std::vector<storage::UserState>> states(std::span<const UserId> users) override {
    return store_->states(users);
  }
  Result<std::vector<storage::ChatRight>> chat_rights(
      std::span<const storage::DirectStream> streams) override {
    return store_->chat_rights(streams);
  }
  Result<std::vector<storage::MessageName>> texts_among(
      std::span<const storage::MessageName> messages) override {
    settle();
    return store_->texts_among(messages);
  }
  Result<std::vector<storage::DirectStream>> locked_heads(std::span<const Head> heads) override {
    settle();
    return store_->locked_heads(heads);
  }
  Result<void> append(storage::DirectRows rows, base::SteadyTime /*by*/) override {
    settle();
    std::vector<storage::DirectMessage> copies;
    for (const storage::DirectMessage* row : rows) copies.push_back(*row);
    late_ = std::thread([this, copies = std::move(copies)] { store_late(copies); });
    return {};
  }

 private:
  void store_late(const std::vector<storage::DirectMessage>& copies) {
    const auto rows = storage::pointers_to(copies);
    for (int attempt = 1; !store_->append(rows, base::SteadyTime::max()) && !giving_up_;
         ++attempt) {
      std::this_thread::sleep_for(retry_delay(std::min(attempt, kAttemptsMax)));
    }
  }
  void settle() {
    if (late_.joinable()) late_.join();
  }

  std::unique_ptr<DirectStore> store_;
  std::atomic<bool> giving_up_ = false;
  std::thread late_;
};

// The sabotage kEarlyRights: tells what a member was allowed when it was asked for last.
template <typename Store>
class EarlyRightsStore final : public Store {
 public:
  using Store::Store;
  using typename Store::Writer;

  Result<std::vector<Writer>> writers(std::span<const storage::Membership> members) override {
    auto now = Store::writers(members);
    if (!now) return now;
    for (Writer& writer : *now) {
      const auto [known, is_new] = earlier_.try_emplace({writer.group, writer.user}, writer);
      const SessionEpoch newest = writer.newest;
      std::swap(writer, known->second);
      writer.newest = newest;
    }
    return now;
  }

 private:
  std::map<std::pair<GroupId, UserId>, Writer> earlier_;
};
#endif

inline std::unique_ptr<DirectStore> maybe_hasty(std::unique_ptr<DirectStore> store) {
#ifdef CHAT_SABOTAGE
  if (base::sabotaged(base::Sabotage::kAckBeforeCommit)) {
    return std::make_unique<HastyStore>(std::move(store));
  }
#endif
  return store;
}

// Makes a `Store` from the arguments.
template <typename Store, typename... Arguments>
std::unique_ptr<GroupStore> make_maybe_early(Arguments&&... arguments) {
#ifdef CHAT_SABOTAGE
  if (base::sabotaged(base::Sabotage::kEarlyRights)) {
    return std::make_unique<EarlyRightsStore<Store>>(std::forward<Arguments>(arguments)...);
  }
#endif
  return std::make_unique<Store>(std::forward<Arguments>(arguments)...);
}

}  // namespace chat::delivery

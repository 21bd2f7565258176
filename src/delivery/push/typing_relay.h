#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/flat_map.h"
#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/delivery/typing.h"
#include "chat/protocol/errors.h"
#include "chat/storage/pool.h"
#include "delivery/push/router.h"

namespace chat::delivery {

// Passes TYPING on to the other side of the chat. Nothing is stored; a request that cannot be
// passed on now is dropped. A user's `on` is passed on once per kEvery and chat, in at most
// kChatsMax chats within that time, and the end once after each `on`. Rights are read for all
// requests of the last kGather together, with at most three statements however many users type.
// Threading: thread-safe; work() blocks on the database, and at most one runs at a time.
// Bounds: kAccountsMax to 2 * kAccountsMax users, the longest silent dropped first; kPendingMax
// requests.
class TypingRelay {
 public:
  static constexpr std::chrono::seconds kEvery{3};
  static constexpr std::chrono::milliseconds kGather{100};
  static constexpr std::size_t kChatsMax = 8;
  static constexpr std::size_t kAccountsMax = 16'384;
  static constexpr std::size_t kPendingMax = 4096;

  TypingRelay(storage::Pool& pool, Router& router, const base::Clock& clock)
      : pool_(pool), router_(router), clock_(clock) {}

  // False if the limits of the account drop it. Ask before anything is looked up for the request:
  // so an account causes at most 2 * kChatsMax look-ups in kEvery, whatever ids it names.
  bool take_turn(const Typing& typing);
  // After take_turn().
  void add(TypingRequest&& request);
  // The user sends a message there: an `on` that still waits must not be pushed after it.
  void overtake(UserId from, UserId user, GroupId group);
  // True if requests wait and nobody works on them; the caller must then call work() or, if it
  // can't, given_up().
  bool due();
  void given_up();
  // Passes on all requests that were added.
  void work();

 private:
  struct Chat {
    UserId user;
    GroupId group;
    base::SteadyTime on_at{};
    bool on = false;
    bool overtaken = false;  // by a message
  };
  using Account = std::array<Chat, kChatsMax>;
  using Requests = std::vector<TypingRequest>;
  using Refusals = std::vector<std::optional<protocol::Refusal>>;

  bool is_news_locked(const Typing& typing) CHAT_REQUIRES(mutex_);
  bool is_overtaken(const Typing& typing);
  Chat* find_locked(UserId from, UserId user, GroupId group) CHAT_REQUIRES(mutex_);
  static Chat* find(Account& account, UserId user, GroupId group);
  Account& account_locked(UserId user) CHAT_REQUIRES(mutex_);
  Result<void> pass_on(const Requests& requests);
  static Result<void> check_direct(storage::Connection& connection, const Requests& requests,
                                   Refusals& refusals);
  Result<void> check_groups(storage::Connection& connection, const Requests& requests,
                            Refusals& refusals) const;

  storage::Pool& pool_;
  Router& router_;
  const base::Clock& clock_;

  // Requests that were added and not yet passed on. Spares messages the lock while nobody types.
  std::atomic<std::size_t> waiting_{0};

  base::Mutex mutex_;
  Requests pending_ CHAT_GUARDED_BY(mutex_);
  bool working_ CHAT_GUARDED_BY(mutex_) = false;
  // Two generations: when the newer one is full, the older one is dropped.
  base::FlatMap<UserId, Account> newer_ CHAT_GUARDED_BY(mutex_);
  base::FlatMap<UserId, Account> older_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::delivery

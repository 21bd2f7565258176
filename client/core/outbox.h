#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "client/core/contacts.h"
#include "client/core/reconnect_backoff.h"

namespace chat::client {

// A chat without a final answer. It is resent with the same cid until it is stored or refused for
// good.
struct Unanswered {
  std::string cid;
  Target target;
  std::string json;
  bool at_all = false;
  bool is_reply = false;
};

// The unanswered chats, in the order typed; they outlive the connection.
//
// Each stream (target) has one chat in flight at a time, and the next follows its answer. So a chat
// that the server cannot accept now ("busy") is resent later without being overtaken by later chats
// to the same target. Streams don't wait for each other.
// Threading: thread-safe; next() on one thread. Bounds: kMax chats.
class Outbox {
 public:
  static constexpr std::size_t kMax = 1000;
  static constexpr int kHeldPatience = 6;

  explicit Outbox(ReconnectBackoff::Random random) : random_(std::move(random)) {}

  // open(): a connection begins; nothing is sent before start(), the login. close() ends both and
  // makes next() return; in-flight chats wait for the next start(). pause() holds new chats back
  // until start(), while answers to in-flight chats still count.
  void open();
  void start();
  void pause();
  void stop();
  void close();

  // True at once if there is room; otherwise as add().
  bool wait_room(base::SteadyTime deadline);
  // Waits for room while chats can be sent; false at the deadline.
  bool add(Unanswered chat, base::SteadyTime deadline);
  // Returns how many were dropped.
  std::size_t clear();

  // The oldest chat that may be sent now; blocks until there is one. Nothing after close().
  std::optional<Unanswered> next();

  // The in-flight chat has its final answer, or is to be resent; others are ignored.
  void finish(const Target& target, std::string_view cid);
  enum class Held { kUnknown, kAgain, kFirst };
  // kFirst: the first one held since the outbox was empty.
  Held hold(const Target& target, std::string_view cid, std::chrono::milliseconds retry_after);

  // Waits until no chat is in flight or can be sent; without a connection none can. False at the
  // deadline.
  bool wait_settled(base::SteadyTime deadline);
  // Waits until the outbox is empty. False if no chat has left it for `patience`, or for
  // kHeldPatience times as long while the server replies that it cannot accept one now.
  bool wait_empty(std::chrono::milliseconds patience);
  std::size_t size() const;

 private:
  struct Entry {
    std::uint64_t number = 0;  // in the order typed
    Unanswered chat;
  };
  struct Stream {
    std::deque<Entry> chats;
    bool on_its_way = false;  // the first one is in flight
    base::SteadyTime not_before{};
    int tries = 0;
  };

  Stream* due_locked(base::SteadyTime now) CHAT_REQUIRES(mutex_);
  std::optional<base::SteadyTime> next_due_locked() const CHAT_REQUIRES(mutex_);
  Stream* of_locked(const Target& target, std::string_view cid) CHAT_REQUIRES(mutex_);
  bool settled_locked(base::SteadyTime now) const CHAT_REQUIRES(mutex_);
  bool holds_locked() const CHAT_REQUIRES(mutex_);

  const ReconnectBackoff::Random random_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::map<Target, Stream> streams_ CHAT_GUARDED_BY(mutex_);  // no empty ones
  std::size_t size_ CHAT_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_number_ CHAT_GUARDED_BY(mutex_) = 0;
  bool open_ CHAT_GUARDED_BY(mutex_) = false;
  bool started_ CHAT_GUARDED_BY(mutex_) = false;
  bool told_ CHAT_GUARDED_BY(mutex_) = false;  // reported that some are held
};

}  // namespace chat::client

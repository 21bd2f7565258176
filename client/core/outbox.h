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

// A chat that has no final answer yet, as it is sent: again and again with the same cid, until it
// is stored or refused for good.
struct Unanswered {
  std::string cid;
  Target target;
  std::string json;
};

// The chats that were typed and have no answer, in order; they outlive the connection.
//
// One chat of a stream (a target) is on its way at a time, and the next follows its answer: so
// what the server cannot take now ("busy") is sent again later, and nothing that was typed after
// it to the same target overtakes it. Streams don't wait for each other.
// Threading: thread-safe; next() on one thread. Bounds: kMax chats.
class Outbox {
 public:
  static constexpr std::size_t kMax = 1000;
  static constexpr int kHeldPatience = 6;

  explicit Outbox(ReconnectBackoff::Random random) : random_(std::move(random)) {}

  // A connection begins: nothing goes out before start(), when somebody is logged in. close()
  // ends both, now and for next(); what was on its way waits for the next start(). pause() lets
  // nothing new out until start(), while the answers to what is on its way still count.
  void open();
  void start();
  void pause();
  void stop();
  void close();

  // Waits for room while chats can leave; false when there is none at the deadline.
  bool add(Unanswered chat, base::SteadyTime deadline);
  // How many it held.
  std::size_t clear();

  // The oldest chat that may go out now; blocks until there is one. Nothing after close().
  std::optional<Unanswered> next();

  // The chat on its way has its final answer, or is to be sent again; others are ignored.
  void finish(const Target& target, std::string_view cid);
  enum class Held { kUnknown, kAgain, kFirst };
  // kFirst: none has been held since the outbox was empty.
  Held hold(const Target& target, std::string_view cid, std::chrono::milliseconds retry_after);

  // Until no chat is on its way or could go now; also while none can go for want of a connection.
  // False: not by the deadline.
  bool wait_settled(base::SteadyTime deadline);
  // Likewise until none is left. False: none has left the outbox for `patience`, or for
  // kHeldPatience times as long while the server answers that it can't take one now.
  bool wait_empty(std::chrono::milliseconds patience);
  std::size_t size() const;

 private:
  struct Entry {
    std::uint64_t number = 0;  // in the order of typing
    Unanswered chat;
  };
  struct Stream {
    std::deque<Entry> chats;
    bool on_its_way = false;  // the first of them
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
  std::map<Target, Stream> streams_ CHAT_GUARDED_BY(mutex_);  // without empty ones
  std::size_t size_ CHAT_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_number_ CHAT_GUARDED_BY(mutex_) = 0;
  bool open_ CHAT_GUARDED_BY(mutex_) = false;
  bool started_ CHAT_GUARDED_BY(mutex_) = false;
  bool told_ CHAT_GUARDED_BY(mutex_) = false;  // that some are held
};

}  // namespace chat::client

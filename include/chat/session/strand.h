#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/task.h"
#include "chat/base/worker_pool.h"
#include "chat/protocol/errors.h"
#include "chat/protocol/msgid.h"
#include "chat/protocol/request.h"
#include "chat/session/handler.h"

namespace chat::net {
class EventLoop;
}

namespace chat::session {

// The inputs that a strand runs, in order of arrival.
struct RoutedRequest {
  protocol::Request request;
  const RequestTraits* traits;
};
struct Fault {  // input that is not a valid request
  protocol::Refusal refusal;
  protocol::Msgid reply = protocol::Msgid::kError;
};
struct HttpCaller {  // a client that speaks HTTP: one answer, then close
  bool head = false;
};
struct Farewell {  // the server ends the conversation: BYE, then close
  std::string reason;
  std::chrono::milliseconds reconnect_after{-1};
};
struct InputEnd {};  // the peer sent FIN: answer what came before, then close
struct Closed {};    // the connection is gone
using Input = std::variant<RoutedRequest, Fault, HttpCaller, Farewell, InputEnd, Closed>;

// True if running it may wait for the database.
bool blocks(const Input& input);

// Where inputs run. Those that may wait for the database have a pool of their own, so that they do
// not hold up the others.
struct Workers {
  base::WorkerPool& quick;
  base::WorkerPool& blocking;
};

// Keeps one client's inputs in order: they run one at a time on the workers, while those of
// different clients run in parallel. A client runs at most one blocking request per turn, so a
// client that sends many delays everyone else by at most one.
//
// An input may finish later: it suspends the strand until it is resumed with the rest of the work
// (password hashing), or it leaves a commit pending while the strand goes on (chat). Requests that
// block, and the end of the conversation, wait until no commit is pending, so that they find in the
// tables what came before them. The strand also pauses while too many commits are pending or the
// owner makes the client wait.
//
// Threading: thread-safe, except suspend(), which belongs to the running input.
// Bounds: the owner stops reading its socket while is_long(); at most kCommitsMax commits are
// pending.
class Strand {
 public:
  static constexpr std::size_t kQueueHigh = 128;
  static constexpr std::size_t kQueueLow = 32;
  static constexpr int kCommitsMax = 256;

  // The owner of the inputs. The first three methods are called on a worker, one at a time.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void run(Input&& input) = 0;
    // A run of inputs has ended: sends the replies that it produced.
    virtual void flush_replies() = 0;
    // The queue was long and is short again.
    virtual void on_queue_short() = 0;
    // Thread-safe: true if `input` must wait because the client has too much unread output, or is
    // in debt and the input blocks.
    virtual bool must_wait(const Input& input) const = 0;
    // Thread-safe: keeps the owner alive while a task for it is queued.
    virtual std::shared_ptr<Owner> keep_alive() = 0;
  };

  // `workers` outlives the strand.
  Strand(const Workers& workers, Owner& owner) : workers_(workers), owner_(owner) {}

  void append(std::vector<Input>&& inputs);
  // The same, called in the client's loop: the work is handed over together with that of the loop's
  // other clients.
  void append_in_loop(net::EventLoop& loop, std::vector<Input>&& inputs);
  void append(Input&& input);
  // Drops all queued inputs and appends this one.
  void replace_all(Input&& input);
  // True from more than kQueueHigh queued inputs until only kQueueLow are left, when
  // Owner::on_queue_short() is called.
  bool is_long() const { return is_long_.load(std::memory_order_acquire); }

  // The running input is not finished: nothing else runs until resume().
  void suspend();
  // Runs `rest` as the rest of the suspended input.
  void resume(base::Task rest);

  // Keeps the owner, and thus this strand, alive.
  std::shared_ptr<Owner> keep_alive() { return owner_.keep_alive(); }

  void commit_begun() { commits_.fetch_add(1, std::memory_order_relaxed); }
  void commit_ended();
  // Something that held inputs back may be gone (output was read, a debt was paid).
  void kick();

 private:
  struct Queue {
    std::vector<Input> inputs;
    std::size_t head = 0;  // inputs before it are done

    std::size_t size() const { return inputs.size() - head; }
  };
  enum class Step { kNothing, kInput, kRest, kElsewhere };

  void work(bool blocking);
  void run(Step step, Input&& input, base::Task rest);
  Step take(bool blocking, Input& input, base::Task& rest);
  void append_locked(std::vector<Input>&& inputs) CHAT_REQUIRES(mutex_);
  void append_locked(Input&& input) CHAT_REQUIRES(mutex_);
  std::size_t queued_locked() const CHAT_REQUIRES(mutex_) {
    return queue_ == nullptr ? 0 : queue_->size();
  }
  void trim_locked() CHAT_REQUIRES(mutex_);
  bool rest_if_idle();
  bool runnable_locked() const CHAT_REQUIRES(mutex_);
  bool next_blocks_locked() const CHAT_REQUIRES(mutex_);
  void kick_locked() CHAT_REQUIRES(mutex_);
  void post_locked() CHAT_REQUIRES(mutex_);
  base::Task turn(bool blocking);

  const Workers& workers_;
  Owner& owner_;
  std::atomic<int> commits_{0};

  // Small members are grouped.
  bool active_ CHAT_GUARDED_BY(mutex_) = false;  // a task is queued or running
  bool suspended_ CHAT_GUARDED_BY(mutex_) = false;
  bool blocking_ CHAT_GUARDED_BY(mutex_) = false;  // the last input was one that blocks
  std::atomic<bool> is_long_{false};               // written under mutex_
  mutable base::Mutex mutex_;
  std::unique_ptr<Queue> queue_ CHAT_GUARDED_BY(mutex_);  // nullptr: nothing waits
  base::Task rest_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::session

#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>

#include "chat/base/mutex.h"
#include "chat/protocol/msgid.h"
#include "client/core/event.h"

namespace chat::client {

// What a request was about, for reading its answer.
struct Question {
  protocol::Msgid request{};
  Target target = {};     // of a chat
  std::string name = {};  // register, creategroup: the name that was asked for
  std::string desc = {};  // creategroup
  UserId user = {};       // logout: who
  bool again = false;     // login: by itself, after a lost connection
};

// How a request ended.
struct Answer {
  enum class Status {
    kOk,
    kRefused,       // the server said no: `event` is a Refused
    kTimedOut,      // no answer in time; it may still come
    kDisconnected,  // there is no connection, or it ended first
    kNotSent,       // the request itself is impossible: `event` is a Usage
  };
  Status status = Status::kDisconnected;
  Event event = {};

  bool ok() const { return status == Status::kOk; }
};

// One request on its way. The receiving thread fills `answer`, raises the flag and then the
// semaphore; the sending thread waits for the semaphore, and believes the flag only. Each
// request has its own pair: an answer that comes late can't be taken for the next one's, which
// is how a second login after a logout came to hang in programs with one semaphore for all.
struct Pending {
  explicit Pending(Question asked) : question(std::move(asked)) {}

  const Question question;
  Answer answer;
  std::atomic<bool> answered{false};
  std::binary_semaphore arrived{0};
};

// The requests that have no answer yet, by cid.
// Threading: thread-safe. Bounds: one chat a stream (see Outbox); other requests are waited for,
// so there are few.
class PendingTable {
 public:
  using Item = std::shared_ptr<Pending>;

  // Nothing: the table is closed.
  Item add(const std::string& cid, Question question);

  // Whose answer a message with this cid and msgid is. Nothing when nobody waits for it.
  Item find(std::string_view cid, int msgid);

  // Answered and shown: the request leaves the table, and its sender goes on.
  void finish(const std::string& cid, Answer answer);

  // Everything ends with kDisconnected, now and later, until open().
  void close();
  void open();

 private:
  base::Mutex mutex_;
  std::map<std::string, Item, std::less<>> items_ CHAT_GUARDED_BY(mutex_);
  bool closed_ CHAT_GUARDED_BY(mutex_) = true;
};

}  // namespace chat::client

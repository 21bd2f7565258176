#pragma once

#include <cstddef>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/task.h"
#include "chat/cluster/bus.h"
#include "cluster/redis/wakeup.h"

namespace chat::cluster {

// Requests of other threads to the subscriber thread. Without a connection nobody waits: the
// channels are recorded for later and the requesting thread calls `heard` itself.
// Threading: thread-safe after open(). Bounds: the requests between two take()s, for which the
// reader is woken once.
class RedisMailbox {
 public:
  enum class Verb { kSubscribe, kUnsubscribe };
  struct Request {
    Verb verb = Verb::kSubscribe;
    std::vector<Channel> channels;
    base::Task heard;  // may be empty
  };

  Result<void> open() { return wakeup_.open(); }
  // Readable while requests wait.
  int fd() const { return wakeup_.fd(); }

  void put(Request request);
  // Drops further requests. Returns when put() is no longer calling any `heard`.
  void close();

  std::vector<Request> take();
  // Returns the requests made before the change; later ones see the new state.
  std::vector<Request> set_connected(bool connected);

 private:
  std::vector<Request> take_locked() CHAT_REQUIRES(mutex_);

  Wakeup wakeup_;

  base::Mutex mutex_;
  base::CondVar called_;
  std::vector<Request> requests_ CHAT_GUARDED_BY(mutex_);
  std::size_t calling_ CHAT_GUARDED_BY(mutex_) = 0;
  bool connected_ CHAT_GUARDED_BY(mutex_) = false;
  bool closed_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::cluster

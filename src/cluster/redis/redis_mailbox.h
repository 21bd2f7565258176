#pragma once

#include <cstddef>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/task.h"
#include "chat/cluster/bus.h"
#include "cluster/redis/wakeup.h"

namespace chat::cluster {

// What other threads ask of the subscriber thread. While there is no connection, nobody waits:
// the channels are noted for later and `heard` is called by the one who asks.
// Threading: thread-safe after open(). Bounds: as much as is asked for between two take()s; the
// reader is woken once for it.
class RedisMailbox {
 public:
  enum class Verb { kSubscribe, kUnsubscribe };
  struct Request {
    Verb verb = Verb::kSubscribe;
    std::vector<Channel> channels;
    base::Task heard;  // empty when there is nobody to tell
  };

  Result<void> open() { return wakeup_.open(); }
  // Readable when there is something to take.
  int fd() const { return wakeup_.fd(); }

  void put(Request request);
  // From now on requests are dropped. Returns when no `heard` is being called by put().
  void close();

  std::vector<Request> take();
  // Takes what came before the change; what comes after it finds things changed.
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

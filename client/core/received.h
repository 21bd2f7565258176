#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "client/core/contacts.h"
#include "client/core/event.h"

namespace chat::client {

// The position in each stream, to drop duplicates (a lost acknowledgement causes a second delivery)
// and to acknowledge cumulatively. A stream is named by its sender or its group. Only messages
// received on this connection are acknowledged, whatever earlier ones received: a server that was
// killed pushes from its stored position, and refuses acknowledgements of messages that it has not
// pushed.
// Threading: thread-safe. Bounds: three entries per stream.
class Received {
 public:
  using Acknowledgement = std::pair<Target, Seq>;

  // A login on a connection. Streams of another user are kept apart.
  void begin(UserId user);
  // False for a duplicate, which is nevertheless acknowledged again.
  bool take(const event::Message& message);
  // The acknowledgements due since the last call.
  std::vector<Acknowledgement> due();

 private:
  base::Mutex mutex_;
  UserId user_ CHAT_GUARDED_BY(mutex_);
  std::map<Target, Seq> seen_ CHAT_GUARDED_BY(mutex_);
  std::map<Target, Seq> brought_ CHAT_GUARDED_BY(mutex_);  // on this connection
  std::set<Target> due_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::client

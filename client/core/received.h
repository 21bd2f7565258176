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

// How far the user has got in each stream, to drop what comes twice (a lost acknowledgement means
// a second delivery) and to acknowledge what came, cumulatively. A stream is named by its sender
// or its group. Never more is acknowledged than this connection has brought, whatever earlier ones
// did: a server that was killed pushes from where it stood, and refuses what it has not pushed.
// Threading: thread-safe. Bounds: three entries a stream.
class Received {
 public:
  using Acknowledgement = std::pair<Target, Seq>;

  // A connection is logged in. Another user's streams are other streams.
  void begin(UserId user);
  // False: the message has been here before. It is acknowledged again all the same.
  bool take(const event::Message& message);
  // What is to be acknowledged since the last call.
  std::vector<Acknowledgement> due();

 private:
  base::Mutex mutex_;
  UserId user_ CHAT_GUARDED_BY(mutex_);
  std::map<Target, Seq> seen_ CHAT_GUARDED_BY(mutex_);
  std::map<Target, Seq> brought_ CHAT_GUARDED_BY(mutex_);  // by this connection
  std::set<Target> due_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::client

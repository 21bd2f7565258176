#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/mutex.h"
#include "client/contacts.h"

namespace chat::client {

// A chat that the server has not answered yet, as it is sent: again and again with the same cid,
// until it is answered.
struct Unanswered {
  std::string cid;
  Target target;
  std::string json;
};

// The chats that were typed and have no answer, in order; they outlive the connection.
// Threading: thread-safe. Bounds: kMax chats.
class Outbox {
 public:
  static constexpr std::size_t kMax = 1000;

  // False when it is full.
  bool add(Unanswered chat);
  void remove(std::string_view cid);
  void clear();
  std::vector<Unanswered> all() const;
  std::size_t size() const;

 private:
  mutable base::Mutex mutex_;
  std::deque<Unanswered> chats_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::client

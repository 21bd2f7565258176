#pragma once

#include <cstddef>
#include <vector>

#include "chat/base/ids.h"
#include "client/core/contacts.h"

namespace chat::client::load {

// The highest seq that one connection has brought of each stream, and which streams are still to be
// acknowledged. Cheaper than core/received, which also detects repeats across connections and takes
// a lock.
// Threading: confined to its client's thread. Bounds: one entry per stream with messages.
class Acknowledgements {
 public:
  // Call it for a new connection: unacknowledged messages are pushed again.
  void clear();
  // A message has arrived. A stream is named by its sender or its group.
  void arrived(Target stream, Seq seq);

  // Calls `tell(stream, seq)` for every stream with new messages since the last call.
  template <typename Tell>
  void settle(const Tell& tell) {
    for (const std::size_t index : owed_) {
      streams_[index].owed = false;
      tell(streams_[index].name, streams_[index].highest);
    }
    owed_.clear();
  }

 private:
  struct Stream {
    Target name;
    Seq highest = 0;
    bool owed = false;
  };

  std::size_t index_of(Target stream);

  std::vector<Stream> streams_;
  std::vector<std::size_t> owed_;
  std::size_t last_ = 0;  // index of the last one found, usually the next one too
};

}  // namespace chat::client::load

#pragma once

#include <cstddef>
#include <vector>

#include "chat/base/ids.h"
#include "client/core/contacts.h"

namespace chat::client::load {

// How far one connection has brought each stream, and which of them owe an acknowledgement. Cheaper
// than core/received, which also tells repeats across connections, and locks.
// Threading: confined to its client's thread. Bounds: one entry per stream that brought something.
class Acknowledgements {
 public:
  // For a new connection: what was not acknowledged comes again.
  void clear();
  // A message has come. A stream is named by its sender or its group.
  void arrived(Target stream, Seq seq);

  // Calls `tell(stream, seq)` for every stream that got something since the last call.
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
  std::size_t last_ = 0;  // where the last one was found: most often it is the next one, too
};

}  // namespace chat::client::load

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "frame_codec.h"

namespace chat::bench {

// What one recipient has received, stream by stream: judges the order, and knows what remains to be
// acknowledged. A stream's seqs go up by one from whatever comes first; who writes to a group too
// doesn't get its own messages, and sees holes there.
// Threading: externally synchronised. Bounds: one entry per sender and group that wrote.
class Streams {
 public:
  struct Stream {
    bool group = false;
    std::int64_t peer = 0;      // the sender or the group
    std::int64_t seq = 0;       // the highest one; 0 before the first
    std::uint64_t number = 0;   // of the sender's messages, in direct streams
    std::uint64_t missing = 0;  // seqs that were left out and haven't come since
    bool ours = false;          // the last one was of this run
    bool owed = false;          // an acknowledgement
  };

  struct Verdict {
    bool fresh = true;        // has not been here before
    bool doubled = false;     // has
    bool reordered = false;   // fills a hole late
    std::uint64_t gap = 0;    // seqs that are missing before this one
    std::int64_t before = 0;  // the stream's seq until now
  };

  // `run` is this run's. The numbers of others say nothing, nor do holes in what they have left:
  // whoever reads it now may have written there.
  Verdict take(const Push& push, std::uint32_t run, bool may_have_holes);

  // Calls `tell(stream)` for every stream that got something since the last call.
  template <typename Tell>
  void acknowledge(const Tell& tell) {
    for (const std::size_t index : owed_) {
      streams_[index].owed = false;
      tell(streams_[index]);
    }
    owed_.clear();
  }

  // For a new session: what wasn't acknowledged comes again.
  void clear();

 private:
  std::size_t index_of(const Push& push);

  std::vector<Stream> streams_;
  std::size_t last_ = 0;  // where the last one was found: most often it is the next one, too
  std::vector<std::size_t> owed_;
};

}  // namespace chat::bench

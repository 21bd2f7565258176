#pragma once

#include <cstdint>

namespace chat::client::check {

// What became of the messages of one stream or, added up, of all. A plain value.
// A *delivery* is one message at one recipient, however often it was pushed.
struct Verdict {
  std::uint64_t sent = 0;
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;

  // Violations.
  std::uint64_t lost = 0;        // deliveries of acknowledged messages that never came
  std::uint64_t doubled = 0;     // a message again, under another seq than before
  std::uint64_t reordered = 0;   // pushed after a later one, or numbered against the sending order
  std::uint64_t gaps = 0;        // holes in the seqs that a recipient has seen
  std::uint64_t unexpected = 0;  // never sent, a wrong text, or another message's seq
  std::uint64_t conflicts = 0;   // `conflict`, although a cid always had the same text
  std::uint64_t failed = 0;      // refused permanently, or an answer that breaks the protocol

  // Allowed.
  std::uint64_t recovered = 0;   // no ack was seen, but it was delivered
  std::uint64_t unanswered = 0;  // without an answer; see CheckReport
  std::uint64_t refused = 0;     // answers busy, unavailable, rate_limited: sent again
  std::uint64_t repeats = 0;     // pushed again under the same seq

  std::uint64_t violations() const {
    return lost + doubled + reordered + gaps + unexpected + conflicts + failed;
  }
  Verdict& operator+=(const Verdict& other);
};

}  // namespace chat::client::check

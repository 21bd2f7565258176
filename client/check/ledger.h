#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "client/check/verdict.h"

namespace chat::client::check {

// Records what happens to the messages of one stream, and judges it. Members are numbered. The
// caller decides who sends; all other members must receive each message exactly once. A direct
// stream has two members, of which only the first sends.
//
// Only the check may write to the stream. Then the stream takes one seq per message from its base
// on, and every hole in what a member sees is a fault, except at its own messages.
// Threading: externally synchronised. Bounds: about 24 bytes a message and 8 a delivery.
class Ledger {
 public:
  explicit Ledger(std::size_t members) : receivers_(members) {}

  // The stream's last seq before the check; call it first.
  void begin(Seq base) { base_ = base; }
  // Derives the base from the first seq that is seen; earlier messages are ignored.
  void begin_anywhere() { anywhere_ = true; }
  Seq base() const { return base_; }

  // Returns the number of the message that `sender` sends now and that was due at `due`.
  std::uint32_t sent(std::size_t sender, base::SteadyTime due);

  // What an ack or a delivery has changed.
  struct Step {
    bool fresh = false;     // the first of its kind: its latency counts
    bool complete = false;  // … and the last: acknowledged, and delivered to all others
    base::SteadyTime due{};
  };
  // The answer to a message. Numbers that were never sent count as unexpected.
  Step acked(std::uint32_t number, Seq seq);
  void refused(std::uint32_t number);      // temporarily; it will be sent again
  void conflicting(std::uint32_t number);  // for good, as with the next two
  void failed(std::uint32_t number);
  void given_up(std::uint32_t number);  // the connection was lost, and it is not sent again

  // A message of the check was pushed to `receiver`.
  struct Delivery {
    std::size_t sender = 0;
    std::uint32_t number = 0;
    Seq seq = 0;
  };
  Step delivered(std::size_t receiver, const Delivery& what);

  // How many members must receive each message.
  std::size_t recipients() const { return receivers_.size() - 1; }

  // Every message has its answer, and every acknowledged one has arrived everywhere.
  bool settled() const { return unanswered_ == 0 && missing_ == 0; }

  Verdict verdict() const;

  // Running totals, for showing progress.
  const Verdict& so_far() const { return counts_; }

 private:
  // A message's place: its seq counted from the stream's base, from 1; 0 if unknown.
  using Place = std::uint32_t;

  struct Message {
    base::SteadyTime due;
    std::uint32_t sender = 0;
    std::uint32_t arrived = 0;  // how many recipients have it
    Place acked_at = 0;
    bool acked = false;
    bool ended = false;    // acked, or no answer will come
    bool retried = false;  // was refused temporarily: later ones may have overtaken it
  };
  struct Receiver {
    std::vector<std::uint32_t> at_place;  // number + 1 of the message there; 0: a hole
    std::vector<Place> place_of;          // by number: its first place; 0: not received
    Place highest = 0;
  };

  Message* find(std::uint32_t number);
  void end(Message& message);
  Place place(Seq seq);
  Step step(const Message& message) const;
  bool take_place(Receiver& receiver, Place place, std::uint32_t number);
  // number + 1 by place, combined from the acks and all members.
  std::vector<std::uint32_t> whole_stream(Verdict& verdict) const;
  void judge_message(std::uint32_t number, Verdict& verdict) const;
  void judge_order(const std::vector<std::uint32_t>& stream, Verdict& verdict) const;
  void judge_holes(std::size_t receiver, const std::vector<std::uint32_t>& stream,
                   Verdict& verdict) const;

  std::vector<Receiver> receivers_;
  std::vector<Message> messages_;
  Verdict counts_;  // what is known before the end
  Seq base_ = 0;
  bool anywhere_ = false;
  bool placed_ = false;  // a seq has been seen
  std::uint64_t unanswered_ = 0;
  std::uint64_t missing_ = 0;  // deliveries of acknowledged messages that are still to come
};

}  // namespace chat::client::check

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "client/check/verdict.h"

namespace chat::client::check {

// Everything that happened to the messages of one stream, and the verdict over it. The stream has
// members, by number: who of them sends is up to the caller, and what one sends all the others are
// to receive exactly once. A direct stream has two members, of which only the first one sends.
//
// Nobody but the check may write to the stream: then it takes as many seqs as were sent, from the
// one on at which it stood, and every hole in what a member sees is a fault, save where its own
// messages stand.
// Threading: externally synchronised. Bounds: some 24 bytes a message and 8 a delivery.
class Ledger {
 public:
  explicit Ledger(std::size_t members) : receivers_(members) {}

  // The stream's last seq before the check; call it before anything else.
  void begin(Seq base) { base_ = base; }
  // Where the stream stands shows in the first seq that is told: what came before isn't looked at.
  void begin_anywhere() { anywhere_ = true; }
  Seq base() const { return base_; }

  // The number of the message that `sender` sends now, planned for `due`.
  std::uint32_t sent(std::size_t sender, base::SteadyTime due);

  // How far a message has got by an ack or a delivery.
  struct Step {
    bool fresh = false;     // the first of its kind: a latency can be taken
    bool complete = false;  // … and the last: acknowledged, and delivered to all others
    base::SteadyTime due{};
  };
  // What was answered to a message. Numbers that were never sent count as unexpected.
  Step acked(std::uint32_t number, Seq seq);
  void refused(std::uint32_t number);      // for a while; it will be sent again
  void conflicting(std::uint32_t number);  // and will not be sent again, as with the next two
  void failed(std::uint32_t number);
  void given_up(std::uint32_t number);  // the connection is gone, and it is not sent again

  // `receiver` was pushed a message of the check's own making.
  struct Delivery {
    std::size_t sender = 0;
    std::uint32_t number = 0;
    Seq seq = 0;
  };
  Step delivered(std::size_t receiver, const Delivery& what);

  // How many are to receive each message.
  std::size_t recipients() const { return receivers_.size() - 1; }

  // Every message has its answer, and what was acknowledged has arrived everywhere.
  bool settled() const { return unanswered_ == 0 && missing_ == 0; }

  Verdict verdict() const;

  // Running totals, for showing progress.
  const Verdict& so_far() const { return counts_; }

 private:
  // Where a message stands: its seq counted from the stream's begin, 1 and up; 0: nowhere yet.
  using Place = std::uint32_t;

  struct Message {
    base::SteadyTime due;
    std::uint32_t sender = 0;
    std::uint32_t arrived = 0;  // at so many
    Place acked_at = 0;
    bool acked = false;
    bool ended = false;    // acked, or no answer will come
    bool retried = false;  // was refused for a while: later ones may have overtaken it
  };
  struct Receiver {
    std::vector<std::uint32_t> at_place;  // number + 1 of the message there; 0: a hole
    std::vector<Place> place_of;          // by number: where it came first; 0: it didn't
    Place highest = 0;
  };

  Message* find(std::uint32_t number);
  void end(Message& message);
  Place place(Seq seq);
  Step step(const Message& message) const;
  bool take_place(Receiver& receiver, Place place, std::uint32_t number);
  // number + 1 by place, as acks and all members together tell it.
  std::vector<std::uint32_t> whole_stream(Verdict& verdict) const;
  void judge_message(std::uint32_t number, Verdict& verdict) const;
  void judge_order(const std::vector<std::uint32_t>& stream, Verdict& verdict) const;
  void judge_holes(std::size_t receiver, const std::vector<std::uint32_t>& stream,
                   Verdict& verdict) const;

  std::vector<Receiver> receivers_;
  std::vector<Message> messages_;
  Verdict counts_;  // what can be told at once
  Seq base_ = 0;
  bool anywhere_ = false;
  bool placed_ = false;  // where the stream stands has shown
  std::uint64_t unanswered_ = 0;
  std::uint64_t missing_ = 0;  // deliveries of acknowledged messages that are still to come
};

}  // namespace chat::client::check

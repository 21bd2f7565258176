#pragma once

#include <deque>
#include <functional>

#include "bench_user.h"
#include "chat_writer.h"

namespace chat::bench {

class Talker;

// Shared by the talkers of a run.
struct Talk {
  Shard& shard;
  ChatWriter writer;
  bool counts_deliveries = false;  // whether a slot waits for the recipients too
  bool keeps_sending = false;      // closed loop: a slot that becomes free is used at once
  // Finds the sender of a message of this run.
  std::function<Talker&(UserId)> find;
};

// A user who writes, receives, or both.
//
// The window: a message holds a slot until it has been acknowledged to its sender and, if
// deliveries count, has reached all its recipients. In an open loop, a message that is due waits
// for a slot, as a client may have at most 64 unacknowledged messages, and keeps the time at which
// it was due.
// Threading: confined to the poller's thread.
class Talker final : public BenchUser {
 public:
  static constexpr std::size_t kMostSlots = 64;

  Talker(Talk& talk, std::uint32_t id, std::size_t server)
      : BenchUser(talk.shard, id, server), talk_(talk) {}

  // Sets the target that it writes to, and the book of that stream.
  void writes_to(Target target, std::uint32_t book) { to_ = {target, book, {}}; }
  void writes_to(UserId user) { writes_to({user, {}}, shard().books().direct(id(), user)); }

  // Closed loop: fills the window.
  void fill(SteadyTime now);
  // Open loop: sends it now, or when there is a slot.
  void send_due(SteadyTime due);

  // Ends an open loop: messages that still wait for a slot are not sent.
  void drop_waiting() { waiting_.clear(); }

  std::size_t in_flight() const { return in_flight_; }

 private:
  struct Chat {
    Target target;
    std::uint32_t book = 0;
    SteadyTime due{};
  };

  void on_chat(const Push& push, const Ledger::Step& step, SteadyTime now) override;
  void on_chat_answer(const Ledger::Step* step, SteadyTime now) override;

  void send(const Chat& chat);
  void slot_free(SteadyTime now);
  bool window_open() const;

  Talk& talk_;
  Chat to_;
  std::size_t in_flight_ = 0;
  std::deque<Chat> waiting_;
};

}  // namespace chat::bench

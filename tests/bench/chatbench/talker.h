#pragma once

#include <array>
#include <deque>
#include <functional>

#include "bench_user.h"
#include "frame_codec.h"

namespace chat::bench {

class Talker;

// What the talkers of a run have in common.
struct Talk {
  Shard& shard;
  ChatWriter writer;
  bool counts_deliveries = false;  // whether a slot waits for the recipients too
  bool keeps_sending = false;      // closed loop: a slot that becomes free is used at once
  // Whom a message of this run came from; nullptr when another process has it.
  std::function<Talker*(std::int64_t)> find;
};

// A user who writes, receives, or both.
//
// The window: a message holds a slot until it was acknowledged to its sender and, where deliveries
// count, has reached all its recipients. In an open loop what is due waits for a slot, as a client
// may have at most 64 unacknowledged messages, and keeps the time when it was due.
// Threading: confined to the loop's thread.
class Talker final : public BenchUser {
 public:
  static constexpr std::size_t kMostSlots = 64;

  Talker(Talk& talk, std::uint32_t id, std::size_t server)
      : BenchUser(talk.shard, id, server), talk_(talk) {}

  // Whom it writes to: a user or a group.
  void writes_to(bool group, std::uint32_t target) {
    group_ = group;
    target_ = target;
  }

  // Closed loop: fills the window.
  void fill(Micros now);
  // Open loop: sends it now, or when there is a slot.
  void send_due(Micros due);
  void send_due_to(std::uint32_t target, Micros due) {
    target_ = target;
    send_due(due);
  }

  // The end of an open loop: what found no slot by then is not sent.
  void drop_waiting() { waiting_.clear(); }

  std::size_t in_flight() const { return in_flight_; }

 private:
  void on_message(const Push& push, Micros now) override;
  void on_ack(const Stamp& stamp, bool accepted, Micros now) override;
  bool has_own_in(std::int64_t group) const override {
    return group_ && group == static_cast<std::int64_t>(target_);
  }

  void send(std::uint32_t target, Micros intended);
  // `parts` of what a slot waits for have come.
  void part_done(std::uint64_t number, std::uint32_t parts, Micros now);
  std::uint32_t parts_of_message() const;
  bool window_open() const { return parts_of_message() == 0 || in_flight_ < most_in_flight(); }
  std::size_t most_in_flight() const;

  struct Waiting {
    std::uint32_t target;
    Micros due;
  };

  Talk& talk_;
  bool group_ = false;
  std::uint32_t target_ = 0;
  std::uint64_t number_ = 0;
  std::size_t in_flight_ = 0;
  std::array<std::uint32_t, kMostSlots> parts_{};  // by number modulo their count
  std::deque<Waiting> waiting_;
};

}  // namespace chat::bench

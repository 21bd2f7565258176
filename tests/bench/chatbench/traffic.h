#pragma once

#include <deque>
#include <vector>

#include "bench/chatbench/modes/mode.h"
#include "send_pacer.h"
#include "talker.h"

namespace chat::bench {

// Chats between users of the seeded data: the common part of pairs, groups and random traffic. A
// subclass creates the talkers and decides which of them write.
class Traffic : public Mode {
 public:
  explicit Traffic(Shard& shard);

  bool set_up() override;
  void start(SteadyTime now) override;
  SteadyTime turn(SteadyTime now) override;
  void stop() override;

 protected:
  // Calls add() for everybody and writes() for those who write.
  virtual void make_talkers() = 0;
  // Final preparations, once all are logged in. False if they failed; Shard::fail() has recorded
  // why.
  virtual bool prepare() { return true; }
  // Open loop: sends the next message.
  virtual void send_next(SteadyTime due);

  // The ids of one process are added in ascending order, without holes.
  Talker& add(std::uint32_t id, std::size_t server);
  void writes(Talker& talker) { writers_.push_back(&talker); }

  Shard& shard() { return talk_.shard; }
  Talk& talk() { return talk_; }
  std::deque<Talker>& talkers() { return talkers_; }

 private:
  Talk talk_;
  SendPacer pacer_;
  std::deque<Talker> talkers_;
  std::vector<Talker*> writers_;
  std::size_t next_ = 0;
};

}  // namespace chat::bench

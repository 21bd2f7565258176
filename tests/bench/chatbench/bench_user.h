#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "bench_connection.h"
#include "frame_codec.h"
#include "shard.h"
#include "streams.h"

namespace chat::bench {

// A user of the seeded data on one connection: logs in, keeps the books of the streams that it
// receives, acknowledges them. Against a relay it says hello instead, and acknowledges nothing.
//
// What is acknowledged is told once per read and stream, by its last seq.
// Threading: confined to the loop's thread.
class BenchUser : public BenchConnection {
 public:
  enum class State { kOut, kEntering, kIn, kLeaving };

  BenchUser(Shard& shard, std::uint32_t id, std::size_t server)
      : BenchConnection(shard.loop()), shard_(shard), id_(id), server_(server) {}

  std::uint32_t id() const { return id_; }
  State state() const { return state_; }
  // The id, for users that take on one after another.
  void become(std::uint32_t id) { id_ = id; }

  // Connects and logs in; tries again when it is refused for a while, and, if `stubborn`, whatever
  // happens.
  void enter(bool stubborn = false);
  // Logs out; on_left() tells when that is done.
  void leave();
  // Breaks the connection off.
  void cut();

 protected:
  virtual void on_entered(Micros /*now*/) {}
  virtual void on_left(Micros /*now*/) {}
  // A message of this run, in its stream's order.
  virtual void on_message(const Push& /*push*/, Micros /*now*/) {}
  // The reply to a chat; `stamp` of it.
  virtual void on_ack(const Stamp& /*stamp*/, bool /*accepted*/, Micros /*now*/) {}
  virtual void on_pong(const Stamp& /*stamp*/, Micros /*now*/) {}
  // May some of a stream's seqs be this user's own?
  virtual bool has_own_in(std::int64_t /*group*/) const { return false; }

  void on_open() override;
  void on_frame(std::string_view json, Micros now) override;
  void on_read() override;
  void on_closed(std::string_view why) override;
  void on_time(Micros now) override;

  Shard& shard() { return shard_; }
  Micros begun() const { return begun_; }

 private:
  void connect_again();
  void retry_at(Micros when);
  void entering_frame(std::string_view json, Micros now);
  void login_refused(std::string_view json, Micros now);
  void entered(Micros now);
  void chat_ack(std::string_view json, Micros now);
  void take(const Push& push, Micros now);
  void complain(const Push& push, const Streams::Verdict& verdict);

  Shard& shard_;
  std::uint32_t id_;
  std::size_t server_;
  State state_ = State::kOut;
  bool stubborn_ = false;
  Micros begun_ = 0;
  Micros retry_at_ = kNever;
  Streams streams_;
};

// Begins `number` connections, a limited number at a time, and waits until each of them has counted
// a login; false when that failed or took too long.
bool let_in(Shard& shard, std::size_t number, const std::function<void(std::size_t)>& begin);
bool let_in(Shard& shard, const std::vector<BenchUser*>& users);

}  // namespace chat::bench

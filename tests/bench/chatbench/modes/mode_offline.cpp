#include <algorithm>
#include <deque>

#include "bench/chatbench/talker.h"
#include "mode.h"

namespace chat::bench {
namespace {

// A user who was offline, and logs in to read.
class Reader final : public BenchUser {
 public:
  Reader(Shard& shard, std::uint32_t id, std::size_t server, std::size_t& all_read)
      : BenchUser(shard, id, server), all_read_(all_read) {}

 private:
  void on_chat(const Push& /*push*/, const Ledger::Step& /*step*/, SteadyTime now) override {
    if (++read_ != shard().options().messages) return;
    shard().took(Took::kCatchUp, begun(), now);
    ++all_read_;
  }

  std::size_t& all_read_;
  std::size_t read_ = 0;
};

// The first users write and log out; the next ones, who were offline, then log in and read.
class Offline final : public Mode {
 public:
  explicit Offline(Shard& shard)
      : shard_(shard), talk_{shard, ChatWriter(shard.options().size, false), false, false, {}} {}

  bool set_up() override {
    const BenchOptions& options = shard_.options();
    for (std::size_t i = 0; i < options.senders; ++i) writers_.emplace_back(talk_, user(i), i);
    if (!let_in(shard_, writers_) || !write_all()) return false;
    for (Talker& writer : writers_) writer.cut();
    for (std::size_t i = 0; i < options.recipients; ++i) {
      readers_.emplace_back(shard_, user(options.senders + i), i, all_read_);
    }
    return true;
  }

  void start(SteadyTime) override { logins_before_ = shard_.total(Count::kLogins); }

  SteadyTime turn(SteadyTime) override {
    const std::size_t in = shard_.total(Count::kLogins) - logins_before_;
    while (begun_ < readers_.size() && begun_ - in < kEnteringAtOnce) readers_[begun_++].come(true);
    return kNever;
  }

  bool done() const override { return all_read_ == readers_.size() || shard_.failed(); }

 private:
  std::uint32_t user(std::size_t place) const {
    return static_cast<std::uint32_t>(shard_.options().first_user + place);
  }

  // Each round sends one message to every recipient; the writers take turns by round.
  bool write_all() {
    const BenchOptions& options = shard_.options();
    const std::uint64_t all = options.messages * options.recipients;
    std::vector<std::size_t> written(options.senders, 0);
    const SteadyTime begun = time_now();
    const SteadyTime deadline = begun + to_duration(options.set_up);
    while (shard_.total(Count::kAcked) < all) {
      const SteadyTime now = time_now();
      for (std::size_t i = 0; i < options.senders; ++i) write_some(i, written[i], now);
      shard_.poller().run_once(deadline);
      if (shard_.total(Count::kRefused) > 0 || shard_.total(Count::kCutOff) > 0) {
        shard_.fail("a message was refused");
      }
      if (now > deadline) shard_.fail("the messages were not acknowledged in time");
      if (shard_.failed()) return false;
    }
    shard_.state().set_up_rate = static_cast<double>(all) / to_seconds(time_now() - begun);
    return true;
  }

  void write_some(std::size_t writer, std::size_t& written, SteadyTime now) {
    const BenchOptions& options = shard_.options();
    while (writers_[writer].in_flight() < options.window) {
      const std::size_t round = written / options.recipients * options.senders + writer;
      if (round >= options.messages) return;
      const std::size_t recipient = written++ % options.recipients;
      writers_[writer].writes_to(
          UserId{static_cast<std::int32_t>(user(options.senders + recipient))});
      writers_[writer].send_due(now);
    }
  }

  Shard& shard_;
  Talk talk_;
  std::deque<Talker> writers_;
  std::deque<Reader> readers_;
  std::size_t all_read_ = 0;
  std::size_t begun_ = 0;
  std::uint64_t logins_before_ = 0;
};

}  // namespace

std::unique_ptr<Mode> make_offline(Shard& shard) {
  return std::make_unique<Offline>(shard);
}

}  // namespace chat::bench

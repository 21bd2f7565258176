#include <deque>
#include <vector>

#include "bench/chatbench/bench_user.h"
#include "mode.h"

namespace chat::bench {
namespace {

// A user who is logged in, and at most says PING at times.
class Idler final : public BenchUser {
 public:
  using BenchUser::BenchUser;

  void ping_every(Micros interval, Micros first) {
    interval_ = interval;
    loop().call_at(first, *this);
  }

 private:
  void on_time(Micros now) override {
    if (interval_ == 0) return BenchUser::on_time(now);
    if (state() != State::kIn || now >= shard().until()) return;
    append_ping(output(), {shard().run(), ++number_, now});
    shard().count(Count::kSent);
    loop().call_at(now + interval_, *this);
  }

  void on_pong(const Stamp& stamp, Micros now) override {
    shard().count(Count::kReplies);
    shard().took(Took::kReply, stamp.sent, now);
  }

  Micros interval_ = 0;
  std::uint64_t number_ = 0;
};

class Idle final : public Mode {
 public:
  explicit Idle(Shard& shard) : shard_(shard) {}

  bool set_up() override {
    std::vector<BenchUser*> all;
    for (std::size_t i = shard_.part().begin; i < shard_.part().end; ++i) {
      const auto id = static_cast<std::uint32_t>(shard_.options().first_user + i);
      all.push_back(&idlers_.emplace_back(shard_, id, i));
    }
    return let_in(shard_, all);
  }

  void start(Micros now) override {
    const auto interval = static_cast<Micros>(shard_.options().ping_every * kSecond);
    if (interval == 0) return;
    // Spread over the interval, as clients that came at different times are.
    const auto number = static_cast<Micros>(idlers_.size());
    for (Micros i = 0; i < number; ++i) {
      idlers_[static_cast<std::size_t>(i)].ping_every(interval, now + interval * i / number);
    }
  }

 private:
  Shard& shard_;
  std::deque<Idler> idlers_;
};

}  // namespace

std::unique_ptr<Mode> make_idle(Shard& shard) {
  return std::make_unique<Idle>(shard);
}

}  // namespace chat::bench

#include <deque>

#include "bench/chatbench/bench_user.h"
#include "mode.h"

namespace chat::bench {
namespace {

// A logged-in user who sends nothing but a PING now and then, if at all.
class Idler final : public BenchUser {
 public:
  using BenchUser::BenchUser;

  void ping_every(SteadyTime::duration interval, SteadyTime first) {
    interval_ = interval;
    poller().arm(*this, first);
  }

 private:
  void on_time(SteadyTime now) override {
    if (interval_.count() == 0) return BenchUser::on_time(now);
    if (state() != State::kIn || now >= shard().until()) return;
    client::load::append_ping(output(), now);
    shard().count(Count::kSent);
    poller().arm(*this, now + interval_);
  }

  void on_pong(SteadyTime sent, SteadyTime now) override {
    shard().count(Count::kReplies);
    shard().took(Took::kReply, sent, now);
  }

  SteadyTime::duration interval_{0};
};

class Idle final : public Mode {
 public:
  explicit Idle(Shard& shard) : shard_(shard) {}

  bool set_up() override {
    for (std::size_t i = shard_.part().begin; i < shard_.part().end; ++i) {
      const auto id = static_cast<std::uint32_t>(shard_.options().first_user + i);
      idlers_.emplace_back(shard_, id, i);
    }
    return let_in(shard_, idlers_);
  }

  void start(SteadyTime now) override {
    const auto interval = to_duration(shard_.options().ping_every);
    if (interval.count() == 0) return;
    // Spread over the interval, as with clients that connected at different times.
    const auto number = static_cast<std::int64_t>(idlers_.size());
    for (std::int64_t i = 0; i < number; ++i) {
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

#include <deque>

#include "bench/chatbench/bench_user.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/typing_messages.h"
#include "mode.h"

namespace chat::bench {
namespace {

// A logged-in user who sends nothing but a PING or a TYPING now and then, if at all.
class Idler final : public BenchUser {
 public:
  using BenchUser::BenchUser;

  void ping_every(SteadyTime::duration interval, SteadyTime first) {
    interval_ = interval;
    poller().arm(*this, first);
  }
  void type_every(SteadyTime::duration interval, SteadyTime first, UserId to) {
    types_to_ = to;
    ping_every(interval, first);
  }

 private:
  void on_time(SteadyTime now) override {
    if (interval_.count() == 0) return BenchUser::on_time(now);
    if (state() != State::kIn || now >= shard().until()) return;
    if (types_to_) {
      const client::load::OpenFrame frame(output());
      output() += protocol::encode_request(
          protocol::messages::Typing{.sender = id(), .toid = types_to_, .on = true});
    } else {
      client::load::append_ping(output(), now);
      shard().count(Count::kSent);
    }
    poller().arm(*this, now + interval_);
  }

  void on_pong(SteadyTime sent, SteadyTime now) override {
    shard().count(Count::kReplies);
    shard().took(Took::kReply, sent, now);
  }

  SteadyTime::duration interval_{0};
  UserId types_to_;
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
    const BenchOptions& options = shard_.options();
    const bool types = options.typing_every > 0;
    const auto interval = to_duration(types ? options.typing_every : options.ping_every);
    if (interval.count() == 0) return;
    // Spread over the interval, as with clients that connected at different times.
    const auto number = static_cast<std::int64_t>(idlers_.size());
    for (std::int64_t i = 0; i < number; ++i) {
      Idler& idler = idlers_[static_cast<std::size_t>(i)];
      const auto first = now + interval * i / number;
      if (types) {
        idler.type_every(interval, first, neighbour_of(idler.id()));
      } else {
        idler.ping_every(interval, first);
      }
    }
  }

 private:
  // The other user of its pair.
  UserId neighbour_of(UserId user) const {
    const auto first = static_cast<std::int32_t>(shard_.options().first_user);
    return {first + ((user.value - first) ^ 1)};
  }

  Shard& shard_;
  std::deque<Idler> idlers_;
};

}  // namespace

std::unique_ptr<Mode> make_idle(Shard& shard) {
  return std::make_unique<Idle>(shard);
}

}  // namespace chat::bench

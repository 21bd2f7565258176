#include <random>

#include "bench/chatbench/traffic.h"

namespace chat::bench {
namespace {

// Users of one load process write to each other at random, in an open loop. Sender and recipient
// share the books, so they must be in the same process.
class Random final : public Traffic {
 public:
  explicit Random(Shard& of) : Traffic(of), random_(of.options().seed + of.part().index) {
    talk().counts_deliveries = false;
  }

 private:
  void make_talkers() override {
    for (std::size_t i = shard().part().begin; i < shard().part().end; ++i) {
      writes(add(static_cast<std::uint32_t>(shard().options().first_user + i), i));
    }
  }

  void send_next(SteadyTime due) override {
    const std::size_t number = talkers().size();
    const std::size_t self = below(number);
    // One of the others: a random number of places further on.
    const std::size_t other = (self + 1 + below(number - 1)) % number;
    Talker& writer = talkers()[self];
    writer.writes_to(talkers()[other].id());
    writer.send_due(due);
  }

  // The remainder and not a distribution, so that a seed gives the same everywhere.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  std::mt19937_64 random_;
};

}  // namespace

std::unique_ptr<Mode> make_random(Shard& shard) {
  return std::make_unique<Random>(shard);
}

}  // namespace chat::bench

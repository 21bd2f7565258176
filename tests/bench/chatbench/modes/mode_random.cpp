#include <random>

#include "bench/chatbench/traffic.h"

namespace chat::bench {
namespace {

// Anybody writes to anybody else, in an open loop. Writers are of this process; recipients may be
// connected anywhere. So only the totals of all processes tell whether something was lost.
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

  void send_next(Micros due) override {
    const BenchOptions& options = shard().options();
    Talker& writer = talkers()[below(talkers().size())];
    // One of the others: as many steps further round.
    const std::size_t self = writer.id() - options.first_user;
    const std::size_t other = (self + 1 + below(options.connections - 1)) % options.connections;
    writer.send_due_to(static_cast<std::uint32_t>(options.first_user + other), due);
  }

  // The remainder, not a distribution: the same everywhere for one seed.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  std::mt19937_64 random_;
};

}  // namespace

std::unique_ptr<Mode> make_random(Shard& shard) {
  return std::make_unique<Random>(shard);
}

}  // namespace chat::bench

#include "bench/chatbench/traffic.h"

namespace chat::bench {
namespace {

// Pair i is the users 2i and 2i+1 after the first: the former writes, the latter receives.
class Pairs final : public Traffic {
 public:
  using Traffic::Traffic;

 private:
  void make_talkers() override {
    const BenchOptions& options = shard().options();
    for (std::size_t i = shard().part().begin; i < shard().part().end; ++i) {
      const auto id = static_cast<std::uint32_t>(options.first_user + 2 * i);
      Talker& writer = add(id, i);
      add(id + 1, options.cross ? i + 1 : i);
      writer.writes_to(UserId{static_cast<std::int32_t>(id + 1)});
      writes(writer);
    }
  }
};

}  // namespace

std::unique_ptr<Mode> make_pairs(Shard& shard) {
  return std::make_unique<Pairs>(shard);
}

}  // namespace chat::bench

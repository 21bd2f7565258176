#include <deque>

#include "bench/chatbench/bench_user.h"
#include "mode.h"

namespace chat::bench {
namespace {

// All users log in; then all connections break at the same moment, and all log in again at once.
class Storm final : public Mode {
 public:
  explicit Storm(Shard& shard) : shard_(shard) {}

  bool set_up() override {
    for (std::size_t i = shard_.part().begin; i < shard_.part().end; ++i) {
      const auto id = static_cast<std::uint32_t>(shard_.options().first_user + i);
      users_.emplace_back(shard_, id, i);
    }
    return let_in(shard_, users_);
  }

  void start(SteadyTime) override {
    logins_before_ = shard_.total(Count::kLogins);
    for (BenchUser& user : users_) user.cut();
    for (BenchUser& user : users_) user.come(true);
  }

  bool done() const override {
    return shard_.total(Count::kLogins) - logins_before_ >= users_.size() || shard_.failed();
  }

 private:
  Shard& shard_;
  std::uint64_t logins_before_ = 0;
  std::deque<BenchUser> users_;
};

}  // namespace

std::unique_ptr<Mode> make_storm(Shard& shard) {
  return std::make_unique<Storm>(shard);
}

}  // namespace chat::bench

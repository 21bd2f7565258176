#include <algorithm>
#include <deque>

#include "bench/chatbench/bench_user.h"
#include "mode.h"

namespace chat::bench {
namespace {

// Logs in and leaves again and again, each time as the next user of its own, so that no user is
// logged in twice at once. A logout would end the seeded token, so after a login by token the
// connection is just closed. A login by password creates a token, which the logout removes.
class Visitor final : public BenchUser {
 public:
  Visitor(Shard& shard, std::uint32_t id, std::size_t server, const bool& open)
      : BenchUser(shard, id, server), first_(id), open_(open) {}

  void visit() {
    const BenchOptions& options = shard().options();
    const auto step = static_cast<std::uint32_t>(options.connections);
    const auto next = static_cast<std::uint32_t>(id().value) + step;
    be(next < options.first_user + options.users ? next : first_);
    come();
  }

 private:
  void on_in(SteadyTime now) override {
    if (!shard().options().password.empty()) return leave();
    cut();
    on_left(now);
  }

  void on_left(SteadyTime) override {
    if (open_) visit();
  }

  const std::uint32_t first_;
  const bool& open_;
};

class Login final : public Mode {
 public:
  explicit Login(Shard& shard) : shard_(shard) {}

  // Checks that logins work at all before the load begins.
  bool set_up() override {
    for (std::size_t i = shard_.part().begin; i < shard_.part().end; ++i) {
      const auto id = static_cast<std::uint32_t>(shard_.options().first_user + i);
      visitors_.emplace_back(shard_, id, i, open_);
    }
    return let_in(shard_, 1, [this](std::size_t i) { visitors_[i].come(); });
  }

  void start(SteadyTime) override {
    open_ = true;
    for (Visitor& visitor : visitors_) {
      if (visitor.state() == BenchUser::State::kOut) visitor.visit();
    }
  }

  void stop() override { open_ = false; }

  bool at_rest() const override {
    return std::all_of(visitors_.begin(), visitors_.end(), [](const Visitor& visitor) {
      return visitor.state() == BenchUser::State::kOut;
    });
  }

 private:
  Shard& shard_;
  bool open_ = false;
  std::deque<Visitor> visitors_;
};

}  // namespace

std::unique_ptr<Mode> make_login(Shard& shard) {
  return std::make_unique<Login>(shard);
}

}  // namespace chat::bench

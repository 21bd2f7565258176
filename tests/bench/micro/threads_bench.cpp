#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <semaphore>
#include <utility>
#include <vector>

#include "chat/base/check.h"
#include "chat/session/strand.h"
#include "support/session_rig.h"

// The cost of handing work from thread to thread.
namespace chat::bench {
namespace {

// Sends a number of tasks to a worker and back to a loop, and waits for all of them.
void worker_and_back_to_a_loop(benchmark::State& state) {
  test::SessionRig rig(1, 2);
  std::binary_semaphore all_back{0};
  for (auto _ : state) {
    std::atomic<std::int64_t> left = state.range(0);
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      CHAT_CHECK(rig.workers().try_post([&] {
        rig.loops().post(0, [&] {
          if (left.fetch_sub(1) == 1) all_back.release();
        });
      }));
    }
    all_back.acquire();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(worker_and_back_to_a_loop)->Arg(1)->Arg(64)->Arg(1024)->UseRealTime();

// Counts inputs, and signals when the awaited number has run.
class Counter final : public session::Strand::Owner, public std::enable_shared_from_this<Counter> {
 public:
  void await(std::int64_t inputs) { left_ = inputs; }
  void wait() { done_.acquire(); }

  void run(session::Input&&) override {
    if (left_.fetch_sub(1) == 1) done_.release();
  }
  void flush_replies() override {}
  void on_queue_short() override {}
  bool must_wait(const session::Input&) const override { return false; }
  std::shared_ptr<Owner> keep_alive() override { return shared_from_this(); }

 private:
  std::atomic<std::int64_t> left_ = 0;
  std::binary_semaphore done_{0};
};

// The inputs of one read go to a worker in one task.
void strand_turn(benchmark::State& state) {
  test::SessionRig rig(1, 1);
  const auto counter = std::make_shared<Counter>();
  const session::Workers workers{rig.workers(), rig.workers()};
  session::Strand strand(workers, *counter);
  for (auto _ : state) {
    counter->await(state.range(0));
    std::vector<session::Input> inputs;
    for (std::int64_t i = 0; i < state.range(0); ++i) inputs.emplace_back(session::InputEnd{});
    strand.append(std::move(inputs));
    counter->wait();
  }
  rig.stop();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(strand_turn)->Arg(1)->Arg(32)->UseRealTime();

}  // namespace
}  // namespace chat::bench

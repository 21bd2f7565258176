#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench_options.h"
#include "books.h"
#include "client/load/poller.h"
#include "client/load/server_name.h"
#include "shared_state.h"

namespace chat::bench {

using client::load::Endpoint;

// The units (pairs, groups, connections) of one load process: [begin, end).
struct Part {
  std::size_t index = 0;
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end - begin; }
};

// Shared by the connections of one load process: the poller, the options, the books.
// Threading: one per process. Ownership: `options` and `shared` outlive it.
class Shard {
 public:
  Shard(const BenchOptions& options, const std::vector<Endpoint>& servers, SharedState& shared,
        ShardState& state, Part part)
      : options_(options), servers_(servers), shared_(shared), state_(state), part_(part) {}

  client::load::Poller& poller() { return poller_; }
  Books& books() { return books_; }
  const BenchOptions& options() const { return options_; }
  const Part& part() const { return part_; }
  std::uint32_t run() const { return shared_.run; }
  SharedState& shared() { return shared_; }
  ShardState& state() { return state_; }

  const Endpoint& server(std::size_t number) const { return servers_[number % servers_.size()]; }
  // The address to connect from: a different one for each connection, so that ports suffice. 0 if
  // the servers are on another machine.
  in_addr_t next_source(const Endpoint& to);

  void count(Count what, std::uint64_t number = 1) {
    const auto at = static_cast<std::size_t>(what);
    add(state_.totals[at], number);
    if (measuring_) add(state_.measured[at], number);
  }
  std::uint64_t total(Count what) const {
    return state_.totals[static_cast<std::size_t>(what)].load(std::memory_order_relaxed);
  }

  // Recorded only if it began within the measured span.
  void took(Took what, SteadyTime begun, SteadyTime now) {
    if (begun < from_ || begun >= until_) return;
    state_.took[static_cast<std::size_t>(what)].add(
        std::chrono::duration_cast<Latency::Duration>(now - begun));
  }

  // Adds the verdict of the books to the counts. Call it once, at the end.
  void close_books();
  // Keeps the first one, for the report.
  void problem(std::string_view text);
  // Makes the set-up fail: a run without these connections would prove nothing.
  void fail(std::string_view text);
  bool failed() const { return failed_; }

  // Called in every turn with its time.
  void turn(SteadyTime now) { measuring_ = now >= from_ && now < until_; }
  void set_span(SteadyTime from, SteadyTime until) {
    from_ = from;
    until_ = until;
  }
  SteadyTime from() const { return from_; }
  SteadyTime until() const { return until_; }

 private:
  // With one writer, no locked instruction is needed.
  static void add(std::atomic<std::uint64_t>& to, std::uint64_t number) {
    to.store(to.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
  }

  client::load::Poller poller_;
  Books books_;
  const BenchOptions& options_;
  const std::vector<Endpoint>& servers_;
  SharedState& shared_;
  ShardState& state_;
  const Part part_;
  bool measuring_ = false;
  bool failed_ = false;
  SteadyTime from_ = kNever;
  SteadyTime until_ = kNever;
  std::uint32_t sources_ = 0;
};

}  // namespace chat::bench

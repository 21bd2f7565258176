#include "bench_conductor.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <new>
#include <random>
#include <utility>

#include "bench/chatbench/modes/mode.h"
#include "chat/base/check.h"

namespace chat::bench {
namespace {

constexpr std::size_t kMostConnections = 18'000;  // of one process
constexpr std::size_t kSpareDescriptors = 200;
constexpr std::chrono::milliseconds kTick{20};
constexpr std::chrono::milliseconds kShowEvery{500};

void* map_shared(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHAT_CHECK(memory != MAP_FAILED);
  return memory;
}

std::size_t most_connections() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto allowed = static_cast<std::size_t>(limit.rlim_cur);
  return std::clamp<std::size_t>(allowed - std::min(allowed, kSpareDescriptors), 16,
                                 kMostConnections);
}

}  // namespace

BenchConductor::BenchConductor(BenchOptions options) {
  report_.options = std::move(options);
}

BenchConductor::~BenchConductor() {
  reap();
}

int BenchConductor::run() {
  if (!resolve_servers() || !look_before()) {
    fmt::print(stderr, "chatbench: {}\n", trouble_);
    return kSetUpFailed;
  }
  parts_ = divide();
  map_memory(parts_.size());
  if (!fork_shards()) return shard_exit_;
  if (!wait_until_ready()) {
    fmt::print(stderr, "chatbench: {}\n", trouble_);
    return kSetUpFailed;
  }
  measure();
  drain();
  finish();
  fmt::print("{}", text_of(report_));
  if (!report_.options.json.empty()) {
    std::ofstream file(report_.options.json);
    file << json_of(report_);
    if (!file.flush()) {
      fmt::print(stderr, "chatbench: cannot write {}\n", report_.options.json);
      return kSetUpFailed;
    }
  }
  return is_fine(report_) && trouble_.empty() ? kFine : kNotFine;
}

bool BenchConductor::resolve_servers() {
  for (const std::string& server : report_.options.servers) {
    const auto name = client::load::read_server_name(server);
    CHAT_CHECK(name.has_value());
    auto endpoint = client::load::resolve(*name);
    if (!endpoint) {
      trouble_ = fmt::format("{}: {}", server, endpoint.error().message);
      return false;
    }
    servers_.push_back(*endpoint);
  }
  return true;
}

bool BenchConductor::look_before() {
  for (const Watched& watched : report_.options.watched) {
    if (!sample_process(watched.pid)) {
      trouble_ = fmt::format("there is no process {}", watched.pid);
      return false;
    }
  }
  report_.before = sample_all(report_.options.watched);
  return true;
}

std::vector<Part> BenchConductor::divide() const {
  const BenchOptions& options = report_.options;
  const std::size_t units = units_of(options);
  const std::size_t most =
      std::max<std::size_t>(1, most_connections() / connections_per_unit(options));
  const std::size_t processes = (units + most - 1) / most;
  std::vector<Part> parts;
  for (std::size_t i = 0; i < processes; ++i) {
    parts.push_back({i, units * i / processes, units * (i + 1) / processes});
  }
  return parts;
}

void BenchConductor::map_memory(std::size_t shards) {
  shared_ = new (map_shared(sizeof(SharedState))) SharedState;
  shared_->run = std::random_device()();
  states_ = new (map_shared(shards * sizeof(ShardState))) ShardState[shards];
  report_.load_processes = shards;
}

bool BenchConductor::fork_shards() {
  std::fflush(nullptr);
  const pid_t self = ::getpid();
  for (const Part& part : parts_) {
    const pid_t pid = ::fork();
    CHAT_CHECK(pid >= 0);
    if (pid > 0) {
      pids_.push_back(pid);
      continue;
    }
    pids_.clear();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != self) return false;
    Shard shard(report_.options, servers_, *shared_, states_[part.index], part);
    shard_exit_ = run_shard(shard);
    return false;
  }
  return true;
}

bool BenchConductor::all_at(Stage stage) {
  return std::all_of(states_, states_ + parts_.size(),
                     [&](const ShardState& state) { return state.stage.load() >= stage; });
}

bool BenchConductor::broken() {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (states_[i].stage.load() == Stage::kFailed) {
      trouble_ = states_[i].problem.data();
      return true;
    }
    if (pids_[i] > 0 && ::waitpid(pids_[i], nullptr, WNOHANG) == pids_[i]) {
      pids_[i] = 0;
      if (states_[i].stage.load() == Stage::kFinished) continue;
      trouble_ = states_[i].stage.load() == Stage::kFailed ? states_[i].problem.data()
                                                           : "a load process died";
      return true;
    }
  }
  return false;
}

bool BenchConductor::wait_until_ready() {
  while (!all_at(Stage::kReady)) {
    if (broken()) return false;
    wait(time_now() + kTick);
  }
  return !broken();
}

void BenchConductor::measure() {
  const bool by_itself = ends_by_itself(report_.options);
  // Slightly in the future, so that every process sees it in time.
  const SteadyTime from =
      time_now() + (by_itself ? kTick : kTick + to_duration(report_.options.warm_up));
  SteadyTime until = by_itself ? kNever : from + to_duration(report_.options.seconds);
  shared_->from.store(from);
  shared_->until.store(until);
  if (!by_itself) shared_->go.store(true, std::memory_order_release);
  while (time_now() < from) wait(from);
  report_.load_begin = sample_all(load());
  report_.begin = sample_all(report_.options.watched);
  if (by_itself) {
    shared_->from.store(time_now());
    shared_->go.store(true, std::memory_order_release);
    wait_for_done();
    until = time_now();
  } else {
    while (time_now() < until && !broken()) wait(until);
  }
  report_.end = sample_all(report_.options.watched);
  report_.load_end = sample_all(load());
  // Sampling takes a moment, and so does noticing the end.
  if (by_itself && all_at(Stage::kDone)) until = last_done();
  report_.seconds = to_seconds(until - shared_->from.load());
}

SteadyTime BenchConductor::last_done() const {
  SteadyTime last{};
  for (std::size_t i = 0; i < parts_.size(); ++i) last = std::max(last, states_[i].done_at.load());
  return last;
}

// Modes that end by themselves must do so within the time for the set-up; otherwise they are told
// to stop.
void BenchConductor::wait_for_done() {
  const SteadyTime deadline = time_now() + to_duration(report_.options.set_up);
  while (!all_at(Stage::kDone) && !broken()) {
    if (time_now() > deadline) {
      trouble_ = "it was not done in time";
      return;
    }
    wait(time_now() + kTick / 10);
  }
}

void BenchConductor::drain() {
  const SteadyTime deadline = time_now() + to_duration(report_.options.drain);
  const auto settled = [this] { return all_at(Stage::kDone) && nothing_missing(); };
  while (!settled() && time_now() < deadline && !broken()) wait(time_now() + kTick);
}

bool BenchConductor::nothing_missing() const {
  const std::uint64_t answered = sum(Count::kAcked) + sum(Count::kReplies) + sum(Count::kRefused);
  if (!report_.options.relay && answered < sum(Count::kSent)) return false;
  return sum(Count::kDelivered) >= sum(Count::kExpected);
}

void BenchConductor::finish() {
  // Duplicates arrive late, so the connections stay open for another moment.
  const SteadyTime moment = time_now() + 10 * kTick;
  while (time_now() < moment) wait(moment);
  shared_->stop.store(true, std::memory_order_release);
  while (!all_at(Stage::kFinished) && !broken()) wait(time_now() + kTick / 10);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    for (std::size_t k = 0; k < kCounts; ++k) {
      report_.totals[k] += states_[i].totals[k].load();
      report_.measured[k] += states_[i].measured[k].load();
    }
    for (std::size_t k = 0; k < kTooks; ++k) report_.took[k].add(states_[i].took[k]);
    report_.set_up_rate += states_[i].set_up_rate;
    if (report_.problem.empty()) report_.problem = states_[i].problem.data();
  }
  if (report_.problem.empty()) report_.problem = trouble_;
  if (shown_at_ != SteadyTime{}) fmt::print(stderr, "\n");
}

void BenchConductor::reap() {
  for (const pid_t pid : pids_) {
    if (pid <= 0) continue;
    const bool finished = shared_ != nullptr && shared_->stop.load();
    if (!finished) ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

std::uint64_t BenchConductor::sum(Count what) const {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    out += states_[i].totals[static_cast<std::size_t>(what)].load(std::memory_order_relaxed);
  }
  return out;
}

void BenchConductor::wait(SteadyTime until) {
  const SteadyTime now = time_now();
  const SteadyTime show = report_.options.progress ? shown_at_ + kShowEvery : kNever;
  const std::chrono::nanoseconds left =
      std::max(SteadyTime::duration(0), std::min(until, show) - now);
  const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  ::ppoll(nullptr, 0, &timeout, nullptr);
  if (report_.options.progress && time_now() >= show) show_progress();
}

void BenchConductor::show_progress() {
  const SteadyTime now = time_now();
  const std::uint64_t done = sum(Count::kDelivered) + sum(Count::kReplies);
  const double rate = static_cast<double>(done - shown_) / to_seconds(now - shown_at_);
  fmt::print(stderr, "\r{} connections, {} sent, {} delivered, {:.0f}/s   ", sum(Count::kLogins),
             sum(Count::kSent), done, shown_at_ == SteadyTime{} ? 0 : rate);
  std::fflush(stderr);
  shown_at_ = now;
  shown_ = done;
}

std::vector<Watched> BenchConductor::load() const {
  std::vector<Watched> out;
  for (const pid_t pid : pids_) out.push_back({pid, "load"});
  return out;
}

}  // namespace chat::bench

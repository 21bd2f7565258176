#include "client/check/conductor.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <thread>
#include <utility>

#include "client/core/client_session.h"

namespace chat::client::check {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSetUpReplyTimeout{5'000};
constexpr milliseconds kLook{20};
constexpr milliseconds kShow{1'000};
// A registration costs the server a good part of a second of CPU time; this many at a time keep it
// busy.
constexpr std::size_t kRegisterAtOnce = 16;
// Without a new account or group for this long, something is wrong. Longer than the minute for
// which a server refuses registrations beyond limits.register_per_minute.
constexpr std::chrono::seconds kStuck{150};
// How long to listen after the last delivery, for messages that should not come.
constexpr milliseconds kSilence{1'000};
constexpr rlim_t kOtherDescriptors = 64;

volatile sig_atomic_t interrupts = 0;

void on_signal(int /*number*/) {
  interrupts = interrupts + 1;
}

// Why that server cannot be used; empty if it can.
std::string fault_of_server(const load::ServerName& name) {
  ClientSession session([](const Event&) {}, kSetUpReplyTimeout);
  const auto opened = session.open(name.host, name.port);
  return opened ? "" : opened.error().message;
}

bool raise_descriptor_limit(std::size_t clients) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
  return limit.rlim_cur >= clients + kOtherDescriptors;
}

}  // namespace

Conductor::Conductor(CheckOptions options) : options_(std::move(options)) {
  std::random_device device;
  if (options_.seed == 0) options_.seed = device();
  random_.seed(options_.seed);
  // The run's name must be new even if the seed is not.
  const std::string run = fmt::format("{:08x}", device());
  prefix_ = options_.prefix.empty() ? "check-" + run : options_.prefix;
  std::vector<load::Endpoint> servers;
  for (const std::string& text : options_.servers) {
    const auto endpoint = load::resolve(*load::read_server_name(text));
    if (endpoint) servers.push_back(*endpoint);
  }
  run_ = std::make_unique<Run>(options_, run, std::move(servers));
}

std::optional<CheckReport> Conductor::conduct() {
  std::string reason = prepare();
  if (reason.empty()) {
    seat_everyone();
    reason = set_up();
  }
  if (!reason.empty()) {
    fmt::print(stderr, "chatcheck: {}\n", reason);
    run_->phase = Phase::kLeave;
    for (auto& worker : workers_) worker->join();
    return std::nullopt;
  }
  load();
  drain();
  return leave();
}

// One server that answers is enough: the failure of the others may be part of the test.
std::string Conductor::prepare() {
  (void)::signal(SIGPIPE, SIG_IGN);
  (void)::signal(SIGINT, on_signal);
  (void)::signal(SIGTERM, on_signal);
  if (!raise_descriptor_limit(options_.clients())) {
    return fmt::format("{} clients need more open files than this process may have (ulimit -n)",
                       options_.clients());
  }
  std::string reasons;
  for (const std::string& server : options_.servers) {
    const std::string fault = fault_of_server(*load::read_server_name(server));
    if (fault.empty()) return {};
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", server, fault);
  }
  return "no server answers: " + reasons;
}

std::vector<Seat> Conductor::seats(std::size_t count, char kind, std::size_t first) {
  std::vector<Seat> out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}-{}{}", prefix_, kind, first + i);
    // These accounts hold only the check's own texts, and a later run with the same prefix must be
    // able to log in.
    out.push_back({first + i, turns_.back(), name, "password of " + name});
    turns_.pop_back();
  }
  return out;
}

void Conductor::seat_everyone() {
  turns_.resize(options_.clients());
  std::iota(turns_.begin(), turns_.end(), std::size_t{0});
  std::shuffle(turns_.begin(), turns_.end(), random_);
  const std::size_t threads = std::min(options_.threads, options_.pairs + options_.groups);
  for (std::size_t i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(*run_, random_()));
  }
  std::uint32_t stream = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < options_.pairs; ++i) {
    workers_[next++ % threads]->add(Party::Kind::kPair, stream, "", seats(2, 'p', 2 * i));
    stream += 2;
  }
  for (std::size_t i = 0; i < options_.groups; ++i) {
    const std::string name = fmt::format("check {} {}", run_->id, i);
    workers_[next++ % threads]->add(Party::Kind::kGroup, stream++, name,
                                    seats(options_.group_size, 'g', i * options_.group_size));
  }
}

std::string Conductor::set_up() {
  for (auto& worker : workers_) {
    worker->start(std::max<std::size_t>(1, kRegisterAtOnce / workers_.size()));
  }
  const Progress& progress = run_->progress;
  std::uint64_t seen = 0;
  auto seen_at = base::system_clock().now();
  while (progress.prepared < options_.clients()) {
    rest("preparing");
    if (interrupts > 0) return "interrupted before it began";
    if (auto reason = run_->why_impossible(); !reason.empty()) return reason;
    const std::uint64_t now = progress.accounts + progress.prepared;
    if (now != std::exchange(seen, now)) seen_at = base::system_clock().now();
    if (base::system_clock().now() > seen_at + kStuck) {
      return fmt::format("stuck: {} of {} clients are logged in, {} of them ready. {}",
                         progress.accounts.load(), options_.clients(), progress.prepared.load(),
                         run_->held_up_by());
    }
  }
  return {};
}

void Conductor::load() {
  run_->load_from = base::system_clock().now() + milliseconds(100);
  run_->phase = Phase::kLoad;
  const auto until = run_->load_from + options_.duration;
  while (base::system_clock().now() < until && interrupts == 0) rest("sending");
}

void Conductor::drain() {
  const int before = interrupts;
  run_->phase = Phase::kDrain;
  const auto until = base::system_clock().now() + options_.drain;
  auto unsettled_at = base::system_clock().now();
  while (base::system_clock().now() < until && interrupts == before) {
    rest("draining");
    const bool settled = std::all_of(workers_.begin(), workers_.end(),
                                     [](const auto& worker) { return worker->settled(); });
    if (!settled) unsettled_at = base::system_clock().now();
    if (base::system_clock().now() > unsettled_at + kSilence) break;
  }
}

CheckReport Conductor::leave() {
  const std::uint64_t disconnections = run_->progress.disconnections;
  run_->phase = Phase::kLeave;
  CheckReport report;
  report.run = run_->id;
  report.options = options_;
  report.load_from = run_->load_from;
  report.disconnections = disconnections;
  std::vector<Outage> outages;
  for (auto& worker : workers_) {
    worker->join();
    const Worker::Result& result = worker->result();
    report.verdict += result.verdict;
    report.ack.add(result.ack);
    report.delivery.add(result.delivery);
    report.unsent += result.unsent;
    report.offline += result.offline;
    outages.insert(outages.end(), result.outages.begin(), result.outages.end());
  }
  report.disturbances = disturbances_of(std::move(outages));
  report.first_fault = run_->first_fault();
  show("done", true);
  return report;
}

void Conductor::rest(const char* phase) {
  std::this_thread::sleep_for(kLook);
  show(phase);
}

void Conductor::show(const char* phase, bool last) {
  const auto now = base::system_clock().now();
  if (!options_.progress || (now < next_show_ && !last)) return;
  next_show_ = now + kShow;
  const Progress& progress = run_->progress;
  const std::uint64_t acked = progress.acked;
  const std::string waits = run_->phase == Phase::kSetUp ? run_->held_up_by() : "";
  std::string line = fmt::format(
      "{:<9} {}/{} online, {} ready, sent {}, acked {} (+{}), delivered {}, {} lost connections",
      phase, progress.online.load(), options_.clients(), progress.prepared.load(),
      progress.sent.load(), acked, acked - std::exchange(shown_acked_, acked),
      progress.delivered.load(), progress.disconnections.load());
  if (!waits.empty()) line += fmt::format("; refused: {}", waits);
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  fmt::print(stderr, "{}{}{}", terminal ? "\r" : "", line, terminal && !last ? "\x1b[K" : "\n");
  (void)std::fflush(stderr);
}

}  // namespace chat::client::check

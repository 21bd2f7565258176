#include "client/check/worker.h"

#include <algorithm>

namespace chat::client::check {
namespace {

using std::chrono::milliseconds;

// How often a thread checks the phase, and reports its progress.
constexpr milliseconds kWorkerLook{20};
constexpr milliseconds kTell{200};
// How long to wait for logouts, which are only a courtesy.
constexpr std::chrono::seconds kLeaveTimeout{5};

}  // namespace

Schedule schedule_of(const Run& run, std::size_t turn) {
  const double rate = run.options.rate;
  const std::uint64_t clients = run.options.clients();
  const std::uint64_t messages = run.options.messages();
  const auto seconds = [](double value) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(value));
  };
  const std::uint64_t count = messages > turn ? (messages - turn - 1) / clients + 1 : 0;
  return {run.load_from + seconds(static_cast<double>(turn) / rate),
          seconds(static_cast<double>(clients) / rate), count};
}

Worker::Worker(Run& run, std::uint64_t seed)
    : run_(run), random_(seed), around_{run, poller_, random_} {}

void Worker::add(Party::Kind kind, std::uint32_t first_stream, const std::string& name,
                 const std::vector<Seat>& seats) {
  Party& party = parties_.emplace_back(kind, seats.size(), first_stream, name);
  for (std::size_t i = 0; i < seats.size(); ++i) {
    clients_.emplace_back(around_, party, i, load::Account(seats[i].name, seats[i].password),
                          seats[i].server);
    turns_.push_back(seats[i].turn);
  }
}

void Worker::start(std::size_t at_once) {
  thread_ = base::Thread("check", [this, at_once] { work(at_once); });
}

void Worker::work(std::size_t at_once) {
  Phase known = Phase::kSetUp;
  auto next_tell = base::system_clock().now();
  while (known != Phase::kLeave) {
    if (known == Phase::kSetUp) start_more(at_once);
    poller_.run_once(base::system_clock().now() + kWorkerLook);
    const Phase phase = run_.phase;
    if (phase != known) enter(phase);
    known = phase;
    if (base::system_clock().now() < next_tell) continue;
    next_tell = base::system_clock().now() + kTell;
    tell();
  }
  leave();
}

void Worker::enter(Phase phase) {
  if (phase == Phase::kLoad) {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i].begin(schedule_of(run_, turns_[i]));
    }
  } else if (phase == Phase::kDrain) {
    for (Client& client : clients_) result_.unsent += client.end_load();
  }
}

void Worker::start_more(std::size_t at_once) {
  while (started_ < clients_.size() && started_ - around_.accounts < at_once) {
    clients_[started_++].start();
  }
}

void Worker::tell() {
  Verdict now;
  bool settled = true;
  for (const Party& party : parties_) {
    party.add_totals(now);
    settled = settled && party.settled();
  }
  Progress& progress = run_.progress;
  progress.sent += now.sent - std::exchange(told_.sent, now.sent);
  progress.acked += now.acked - std::exchange(told_.acked, now.acked);
  progress.delivered += now.delivered - std::exchange(told_.delivered, now.delivered);
  std::uint64_t prepared = 0;
  for (const Client& client : clients_) {
    prepared += client.online() && client.prepared() ? 1U : 0U;
    settled = settled && client.online();
  }
  // The difference may be negative; unsigned numbers wrap around and back.
  progress.prepared += prepared - std::exchange(told_prepared_, prepared);
  settled_ = settled;
}

// The verdict covers what had arrived when the drain ended; messages that arrive while the clients
// log out are ignored.
void Worker::leave() {
  for (Client& client : clients_) {
    result_.offline += client.online() ? 0U : 1U;
    client.close_books();
  }
  for (const Party& party : parties_) result_.verdict += party.verdict();
  result_.verdict.failed += around_.faults;
  result_.ack = around_.ack;
  result_.delivery = around_.delivery;
  result_.outages = std::move(around_.outages);
  for (Client& client : clients_) client.leave();
  const auto until = base::system_clock().now() + kLeaveTimeout;
  const auto gone = [](const Client& client) { return client.gone(); };
  while (!std::all_of(clients_.begin(), clients_.end(), gone) &&
         base::system_clock().now() < until) {
    poller_.run_once(base::system_clock().now() + kWorkerLook);
  }
}

}  // namespace chat::client::check

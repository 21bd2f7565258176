#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "chat/base/thread.h"
#include "client/check/check_run.h"
#include "client/check/client.h"
#include "client/check/outages.h"
#include "client/check/party.h"
#include "client/check/verdict.h"

namespace chat::client::check {

// A client's place in the run.
struct Seat {
  std::size_t server = 0;  // where it begins
  std::size_t turn = 0;    // when it sends: as the turn-th of all clients in each round
  std::string name;
  std::string password;
};

// One thread and the parties that it drives, from registering to logging out.
// Threading: add() before start(); result() after join(); the rest from any thread.
class Worker {
 public:
  Worker(Run& run, std::uint64_t seed);

  // A party and its members. At most `at_once` clients register at the same time: more would only
  // make the server refuse them.
  void add(Party::Kind kind, std::uint32_t first_stream, const std::string& name,
           const std::vector<Seat>& seats);
  void start(std::size_t at_once);
  void join() { thread_.join(); }

  // In the drain: every message has its answer and has arrived, and everyone is there.
  bool settled() const { return settled_; }

  struct Result {
    Verdict verdict;
    load::Latency ack;
    load::Latency delivery;
    std::vector<Outage> outages;
    std::uint64_t unsent = 0;
    std::uint64_t offline = 0;  // clients without a session at the end of the drain
  };
  const Result& result() const { return result_; }

 private:
  void work(std::size_t at_once);
  void enter(Phase phase);
  void start_more(std::size_t at_once);
  void tell();
  void leave();

  Run& run_;
  std::mt19937_64 random_;
  load::Poller poller_;
  Surroundings around_;
  std::deque<Party> parties_;
  std::deque<Client> clients_;
  std::vector<std::size_t> turns_;  // of each client
  std::size_t started_ = 0;
  Verdict told_;  // what Progress has of this thread
  std::uint64_t told_prepared_ = 0;
  std::atomic<bool> settled_{false};
  Result result_;
  base::Thread thread_;
};

// The part of the run's schedule that falls to the client of that turn.
Schedule schedule_of(const Run& run, std::size_t turn);

}  // namespace chat::client::check

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
  std::size_t server = 0;  // index of its first server
  std::size_t turn = 0;    // its position among all clients in each round of sending
  std::string name;
  std::string password;
};

// One thread and the parties that it drives, from registering to logging out.
// Threading: add() before start(); result() after join(); the rest from any thread.
class Worker {
 public:
  Worker(Run& run, std::uint64_t seed);

  // Adds a party and its members. Of those, start() lets at most `at_once` register at the same
  // time; the server would refuse more.
  void add(Party::Kind kind, std::uint32_t first_stream, const std::string& name,
           const std::vector<Seat>& seats);
  void start(std::size_t at_once);
  void join() { thread_.join(); }

  // During the drain: every message is answered and delivered, and every client is online.
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
  Verdict told_;  // what this thread has added to Progress
  std::uint64_t told_prepared_ = 0;
  std::atomic<bool> settled_{false};
  Result result_;
  base::Thread thread_;
};

// The part of the run's schedule for the client with that turn.
Schedule schedule_of(const Run& run, std::size_t turn);

}  // namespace chat::client::check

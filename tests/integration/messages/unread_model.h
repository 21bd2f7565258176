#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/clients/user.h"
#include "support/processes/server_process.h"

namespace chat::test {

// A random run of users who write to each other and to groups, read, join, leave, block, log in
// elsewhere, and whose servers are killed and restarted. After each step INBOX must show every user
// what can be counted in HISTORY: which conversations there are, their last messages, and how many
// messages and mentions are unread.
class UnreadModel {
 public:
  // `node(i)` is one of `nodes` servers of one database, `storage`.
  UnreadModel(std::function<ServerProcess&(std::size_t)> node, std::size_t nodes,
              const TestStorage& storage, std::uint64_t seed);

  // Stops at the first failure.
  void run(int steps);
  // $CHAT_TEST_UNREAD_STEPS, or `usual`.
  static int steps_to_run(int usual);

 private:
  // A conversation: whether it is with a group, and the group or the other user.
  using Place = std::pair<bool, std::int64_t>;
  struct Person {
    Account account;
    std::size_t node = 0;
    std::unique_ptr<User> user;
    std::map<Place, std::int64_t> read;  // by READ
  };
  struct Group {
    std::int64_t id = 0;
    std::size_t creator = 0;
    std::set<std::size_t> members;
  };
  struct Counted {
    Json last;
    std::int64_t unread = 0;
    std::int64_t mentions = 0;
  };

  void step();
  void write_to_user();
  void write_to_group();
  void write_burst();
  void recall_or_edit();
  void read_something();
  void join_or_leave();
  void block_or_unblock();
  void log_in_elsewhere();
  void restart(bool kill);

  void check();
  void check(Person& person);
  std::map<Place, Counted> recount(Person& person);
  static Counted count(const Person& person, Place place, const std::vector<Json>& history);
  static std::vector<Json> history(Person& person, Place place);
  static std::vector<Json> inbox(Person& person);

  static Json ask(Person& person, const Json& request);
  void log_in_on(Person& person, std::size_t node);
  void wait_until_reads_are_stored(const Person& person);
  std::size_t random(std::size_t below);
  Person& anybody() { return people_[random(people_.size())]; }

  std::function<ServerProcess&(std::size_t)> node_;
  const std::size_t nodes_;
  const TestStorage& storage_;
  const std::uint64_t seed_;
  std::mt19937_64 random_;
  std::vector<Person> people_;
  std::vector<Group> groups_;
  std::set<std::pair<std::size_t, std::size_t>> blocks_;
  std::string last_step_;
  std::int64_t texts_ = 0;
};

}  // namespace chat::test

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "integration/messages/random_run/history_copy.h"
#include "support/clients/client_view.h"
#include "support/clients/user.h"
#include "support/processes/server_process.h"

namespace chat::test {

// A random run of users who write to each other and to groups, reply, mention, recall, edit, read,
// join, leave, block, log out and in on any server, and whose servers are killed and restarted.
//
// After each step INBOX must show everybody whom the step concerns what can be counted in HISTORY:
// which conversations there are, their last messages, and how many messages and mentions are
// unread. Every kStepsPerCheck steps and at the end, this is compared for everybody after reading
// HISTORY anew, and what each client was pushed, with recalls and edits applied, must equal
// HISTORY. At the end, so must what SYNC pushes to a client that has nothing.
class ConversationRun {
 public:
  // `node(i)` is one of `nodes` servers of one database, `storage`.
  ConversationRun(std::function<ServerProcess&(std::size_t)> node, std::size_t nodes,
                  const TestStorage& storage, std::uint64_t seed);

  // Stops at the first failure.
  void make(int steps);
  // $CHAT_CONVERSATION_STEPS, or `usual`.
  static int steps_to_run(int usual);

 private:
  static constexpr int kStepsPerCheck = 1000;

  struct Person {
    Account account;
    std::size_t node = 0;
    std::unique_ptr<User> user;          // nobody: logged out
    std::unique_ptr<ClientView> view;    // over all sessions
    std::map<Place, std::int64_t> read;  // by READ
    std::set<Place> unstored_reads;      // perhaps not yet in the table
    std::map<Place, HistoryCopy> history;
    std::set<Place> stale;                      // copies that lack what is new
    std::map<Place, std::int64_t> unconfirmed;  // pushed on this connection
    std::int64_t id() const { return account.id; }
  };
  struct Group {
    std::int64_t id = 0;
    std::size_t creator = 0;
    std::set<std::size_t> members;
  };
  // A request that was sent and not answered when its server was killed.
  struct Unanswered {
    std::size_t person = 0;
    Json request;
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
  void log_out();
  void restart(bool kill);
  void kill_in_flight();
  Json draw_write(std::size_t index, Place place);
  std::optional<Json> draw_revision(std::size_t index, Place place, bool of_others);
  void add_mentions(Person& from, const Group& group, Json& request);
  void add_reply(Person& from, Place place, Json& request);
  std::vector<Unanswered> draw_requests(const std::vector<std::size_t>& people);
  void stop(std::size_t node, bool kill);
  void start_and_log_in(std::size_t node, const std::vector<std::size_t>& people);
  void write(std::size_t index, const Json& request);
  void take_reply(std::size_t index, const Json& request, const Json& reply);
  void touch(std::size_t index, Place place);
  void touch_all_in(std::size_t writer, Place place);

  void check();
  void check_everybody();
  void check_inbox(std::size_t index);
  void read_all_again(std::size_t index);
  void check_view(Person& person);
  void check_sync(std::size_t index);
  std::vector<Place> places_of(std::size_t index) const;
  HistoryCopy& history(Person& person, Place place);
  Place draw_place(std::size_t index);
  std::vector<Json> inbox(Person& person);

  Json ask(Person& person, const Json& request);
  void take_waiting(Person& person);
  void take(Person& person, const Json& frame);
  void confirm(Person& person);
  Person& actor(std::size_t index);
  void log_in_on(std::size_t index, std::size_t node);
  void leave_session(Person& person);
  void wait_until_reads_are_stored(const std::vector<std::size_t>& people);
  std::vector<std::size_t> people_on(std::size_t node) const;
  std::size_t index_of(std::int64_t user) const;
  Group& group_of(std::int64_t id);
  std::string next_text() { return "m" + std::to_string(++texts_); }
  std::size_t random(std::size_t below);
  std::size_t anybody() { return random(people_.size()); }
  void note(std::string step);
  std::string last_steps() const;

  std::function<ServerProcess&(std::size_t)> node_;
  const std::size_t nodes_;
  const TestStorage& storage_;
  const std::uint64_t seed_;
  std::mt19937_64 random_;
  std::vector<Person> people_;
  std::vector<Group> groups_;
  std::set<std::pair<std::size_t, std::size_t>> blocks_;
  std::set<std::size_t> touched_;  // people whom the step concerns
  std::deque<std::string> steps_;
  std::int64_t texts_ = 0;
  std::int64_t restarts_ = 0;
};

}  // namespace chat::test

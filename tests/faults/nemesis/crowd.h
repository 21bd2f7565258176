#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/thread.h"
#include "faults/nemesis/club_ledger.h"
#include "faults/nemesis/contact_ledger.h"
#include "faults/nemesis/judge.h"
#include "support/clients/client_view.h"
#include "support/clients/raw_client.h"
#include "support/clients/user.h"

namespace chat::test::nemesis {

// The simulated users of a run: each chats with others and in groups, resends unanswered requests,
// takes over on random nodes, logs out and in, creates and joins groups, and acknowledges messages.
// Some only chat, change their password, and occasionally delete their account and register a new
// one. After a refusal or a lost connection they may stay away. They report to the judge, and
// detect when a guarantee with a time limit is overdue.
// Threading: thread-safe; a separate thread runs all of them on non-blocking connections, and holds
// the lock while it handles input.
class Crowd {
 public:
  // Added to the time limits of guarantees, for a busy machine.
  static constexpr milliseconds kAllowance{5'000};

  Crowd(std::vector<std::uint16_t> ports, const std::vector<Account>& people, std::uint64_t seed);
  ~Crowd() { stop(); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Before start(). All people are members of a club, and a pair of the ContactLedger are friends.
  void add_club(std::int64_t club, std::int64_t creator);
  void add_contact(std::int64_t first, std::int64_t second);

  void start();
  // Closes all connections.
  void stop();

  // All faults except a standing one are over: time limits count from now on.
  void healed() CHAT_EXCLUDES(mutex_);
  // Starts nothing new; open requests must settle.
  void be_quiet() CHAT_EXCLUDES(mutex_);
  // `calm`: fewer actions, and the restless move more than they write. `favoured`: kinds of
  // database writes to cause more often.
  void be_active(bool calm, const std::vector<std::string>& favoured) CHAT_EXCLUDES(mutex_);
  void violation(const std::string& promise, const std::string& what) CHAT_EXCLUDES(mutex_);

  struct State {
    std::string unsettled;  // what is still open; empty if nothing
    std::vector<std::string> violations;
    std::map<std::int64_t, int> places;  // the node of each user's session; -1: none
    milliseconds allowance{0};
    std::string figures;
  };
  State state() CHAT_EXCLUDES(mutex_);

  // An operator's act on somebody, tried on one server after the other until it succeeds.
  struct Order {
    std::string word;  // kick, disable or enable
    std::int64_t user = 0;
    Time since{};
  };
  // Nothing if there is nobody to act on. In quiet phases only what must be undone.
  std::optional<Order> next_order() CHAT_EXCLUDES(mutex_);
  // `changed`: nothing if the outcome is unknown.
  void order_done(const Order& order, std::optional<bool> changed) CHAT_EXCLUDES(mutex_);

  // Once everything has settled: compares with the tables. Returns what has to arrive yet.
  struct Tables {
    std::map<std::int64_t, ClubTable> clubs;
    std::set<ContactLedger::Pair> blocked;
    std::set<ContactLedger::Pair> listed;
  };
  std::string compare_lives(const Tables& tables) CHAT_EXCLUDES(mutex_);
  std::vector<std::int64_t> clubs() CHAT_EXCLUDES(mutex_);

  // After stop().
  Judge& judge() { return judge_; }
  ClientView& view(std::int64_t user);
  std::int64_t highest_read(std::int64_t user, Place place);

 private:
  static constexpr int kMortals = 4;  // at the end of people_

  enum class Ask {
    kLogout,
    kJoin,
    kCreate,
    kFindCreated,
    kPing,
    kPassword,
    kDelete,
    kLife,
    kRevise
  };
  struct Request {
    Ask what = Ask::kPing;
    std::int64_t group = 0;
    Time sent_at{};
    std::string wanted{};  // the new password, the group's name, or the act's cid
  };
  struct Session {
    std::unique_ptr<RawClient> client;
    std::size_t node = 0;
    bool logged_in = false;
    std::int64_t user = 0;  // stays, if the account is deleted meanwhile
    Time since;             // opened, then logged in
    bool takes_over = false;
    std::string asked_password;        // the last one that it asked for
    std::optional<Time> registers_at;  // repeats the registration
    std::optional<Time> superseded_at;
    std::optional<Time> kicked_at;
    milliseconds patience{0};
    std::map<std::string, Request> requests;      // by cid
    std::map<std::int64_t, std::string> friends;  // the last reported state of each
    Time spoke_at;
  };
  struct Outgoing {
    std::size_t number = 0;
    std::int64_t place = 0;  // the number among all messages to this target
    bool resend = true;
    const Session* on = nullptr;  // in flight on this session
    Time at;                      // sent, or to be sent
  };
  struct Person {
    Account account;        // without an id: it is to be registered
    bool mortal = false;    // deletes accounts
    bool restless = false;  // logs out, in and takes over constantly
    bool asked_to_delete = false;
    int registers_on = 0;      // the number of connections that requested this name
    std::string new_password;  // during an unanswered change
    int password_on = 0;       // the number of connections that requested it
    Time password_moved_at;
    std::string token;
    std::list<Session> sessions;
    Session* current = nullptr;
    Session* entering = nullptr;
    Time next_action;
    Time next_login;
    Time rests_until;
    Time absent_since;
    bool waits_its_turn = false;            // logs in without a takeover until it succeeds
    std::optional<std::size_t> asks_again;  // the node that replied "already online"
    std::deque<Outgoing> outbox;
    std::map<Stream, std::int64_t> sent_to;
    std::set<std::int64_t> wanted_groups;  // requested, not yet answered
    std::string wanted_creation;           // likewise: the group's name
    bool creation_exists = false;          // by an earlier request
    Time next_ask;
    std::optional<LifeAct> life;  // until it is answered
    Time next_life;
    std::deque<std::size_t> own;       // the newest acknowledged messages, not recalled
    std::optional<Revision> revision;  // until it is answered
    Time revision_asked_at;
    bool may_be_disabled = false;
    std::optional<Time> disabled_since;  // surely
    Time enabled_at;
    bool token_is_doubtful = false;  // may have been revoked
    Stream burst_to;
    int burst_left = 0;
  };

  void work();
  void wait_for_input();
  void drive(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void read(Person& person, Session& session, Time now) CHAT_REQUIRES(mutex_);
  void take(Person& person, Session& session, const Json& frame, Time now) CHAT_REQUIRES(mutex_);
  void take_login(Person& person, Session& session, const Json& frame, Time now)
      CHAT_REQUIRES(mutex_);
  void take_refused_login(Person& person, const Session& session, const Json& frame, Time now)
      CHAT_REQUIRES(mutex_);
  void take_registration(Person& person, Session& session, const Json& frame, Time now)
      CHAT_REQUIRES(mutex_);
  void begin_anew(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void take_message(Person& person, Session& session, const Json& push) CHAT_REQUIRES(mutex_);
  void take_chat_answer(Person& person, const Session& session, const Json& frame, Time now)
      CHAT_REQUIRES(mutex_);
  void take_refused_chat(std::size_t number, const Json& frame, Time now) CHAT_REQUIRES(mutex_);
  void take_life(Person& person, Session& session, const Json& frame, Time now)
      CHAT_REQUIRES(mutex_);
  void take_answer(Person& person, Session& session, const Json& frame, Time now)
      CHAT_REQUIRES(mutex_);
  void take_creation(Person& person, const std::string& name, const Json& frame, Time now)
      CHAT_REQUIRES(mutex_);
  void take_found_group(Person& person, const std::string& name, const Json& frame, Time now)
      CHAT_REQUIRES(mutex_);
  void take_password(Person& person, const Json& frame, Time now) CHAT_REQUIRES(mutex_);
  void connection_lost(Person& person, Session& session, Time now) CHAT_REQUIRES(mutex_);
  void stay_away(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void leave(Person& person, Session& session, Time now) CHAT_REQUIRES(mutex_);
  void lose_patience(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void log_in(Person& person, Time now) CHAT_REQUIRES(mutex_);
  Json login_of(Person& person) CHAT_REQUIRES(mutex_);
  int throw_dice(const Person& person) CHAT_REQUIRES(mutex_);
  void act(Person& person, Time now) CHAT_REQUIRES(mutex_);
  bool act_as_mortal(Person& person, int dice, Time now) CHAT_REQUIRES(mutex_);
  int readers() const CHAT_REQUIRES(mutex_) { return static_cast<int>(people_.size()) - kMortals; }
  const Person& random_reader() CHAT_REQUIRES(mutex_);
  void live(Person& person, Time now) CHAT_REQUIRES(mutex_);
  std::optional<LifeAct> draw_act(const Person& person) CHAT_REQUIRES(mutex_);
  std::optional<LifeAct> draw_contact_act(const Person& person) CHAT_REQUIRES(mutex_);
  void ask_life(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void undo(Person& person, const LifeAct& act) CHAT_REQUIRES(mutex_);
  Json draw_additions(const Person& person, const Stream& to) CHAT_REQUIRES(mutex_);
  void remember_own(Person& person, std::size_t number) CHAT_REQUIRES(mutex_);
  void revise(Person& person) CHAT_REQUIRES(mutex_);
  void ask_revision(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void take_revision(Person& person, const Json& frame, Time now) CHAT_REQUIRES(mutex_);
  std::string describe_revision(const Revision& revision) CHAT_REQUIRES(mutex_);
  void acknowledge(Session& session, const Json& push) CHAT_REQUIRES(mutex_);
  std::optional<std::int64_t> random_club(const Person& person) CHAT_REQUIRES(mutex_);
  bool was_disabled(Person& person, const Session& session, int code) CHAT_REQUIRES(mutex_);
  void write(Person& person, const Stream& to, Time now) CHAT_REQUIRES(mutex_);
  void send_outbox(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void ask_again(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void log_out(Person& person, Time now) CHAT_REQUIRES(mutex_);
  void ask(Session& session, Request request, Json json, Time now) CHAT_REQUIRES(mutex_);
  void send(Session& session, const Json& json, Time now) CHAT_REQUIRES(mutex_);
  void new_group(std::int64_t group) CHAT_REQUIRES(mutex_);
  void joined(Person& person, std::int64_t group, Time now) CHAT_REQUIRES(mutex_);
  std::optional<std::int64_t> random_group(const Person& person, bool member) CHAT_REQUIRES(mutex_);
  std::string look_around(Time now) CHAT_REQUIRES(mutex_);
  std::string look_at(Person& person, Time now) CHAT_REQUIRES(mutex_);
  // The unanswered request; empty if none.
  std::string wants(const Person& person) CHAT_REQUIRES(mutex_);
  std::string look_at_presence(const Person& person) CHAT_REQUIRES(mutex_);
  // True if `bound` and kAllowance have passed.
  bool is_over(Time since, Time now, milliseconds bound) const CHAT_REQUIRES(mutex_);
  void overdue(const std::string& promise, const std::string& what, Time since, Time now,
               milliseconds bound) CHAT_REQUIRES(mutex_);
  milliseconds allowance() const CHAT_REQUIRES(mutex_);
  int random(int least, int most) CHAT_REQUIRES(mutex_);

  const std::vector<std::uint16_t> ports_;
  base::Mutex mutex_;
  Judge judge_;  // guarded by mutex_ while the thread runs
  ClubLedger clubs_ CHAT_GUARDED_BY(mutex_);
  ContactLedger contacts_ CHAT_GUARDED_BY(mutex_);
  std::mt19937_64 random_ CHAT_GUARDED_BY(mutex_);
  std::list<Person> people_ CHAT_GUARDED_BY(mutex_);
  std::map<std::int64_t, ClientView> views_;  // by user; guarded by mutex_ while the thread runs
  std::map<std::pair<std::int64_t, Place>, std::int64_t> reads_;           // likewise
  std::map<std::int64_t, std::int64_t> creators_ CHAT_GUARDED_BY(mutex_);  // by group, not of clubs
  std::vector<std::int64_t> groups_ CHAT_GUARDED_BY(mutex_);
  std::int64_t freshest_group_ CHAT_GUARDED_BY(mutex_) = 0;  // created or joined last
  bool quiet_ CHAT_GUARDED_BY(mutex_) = false;
  bool calm_ CHAT_GUARDED_BY(mutex_) = false;
  std::vector<std::string> favoured_ CHAT_GUARDED_BY(mutex_);
  Time quiet_since_ CHAT_GUARDED_BY(mutex_);
  Time healed_at_ CHAT_GUARDED_BY(mutex_);
  milliseconds lag_ CHAT_GUARDED_BY(mutex_){0};  // the longest round of the thread since then
  std::string unsettled_ CHAT_GUARDED_BY(mutex_) = "not looked yet";
  std::uint64_t cids_ CHAT_GUARDED_BY(mutex_) = 0;
  int deletions_ CHAT_GUARDED_BY(mutex_) = 0;
  int lives_ CHAT_GUARDED_BY(mutex_) = 0;
  int logins_ CHAT_GUARDED_BY(mutex_) = 0;
  int takeovers_ CHAT_GUARDED_BY(mutex_) = 0;
  int losses_ CHAT_GUARDED_BY(mutex_) = 0;
  int life_acts_ CHAT_GUARDED_BY(mutex_) = 0;
  int orders_ CHAT_GUARDED_BY(mutex_) = 0;
  std::atomic<bool> stopping_ = false;
  base::Thread thread_;
};

}  // namespace chat::test::nemesis

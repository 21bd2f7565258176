// The nemesis: partial and short faults drawn from a seed, on three servers of which each has its
// own links to Redis and to the database, while people write, take over, log out and in on random
// servers and join groups, change roles, mute and remove each other in a few clubs, block each
// other, and are kicked and disabled by operators. The guarantees are checked continuously, and
// their time limits after each round of faults.
//
//   CHAT_TEST_SEED        repeats a schedule
//   CHAT_NEMESIS_SECONDS approximate duration; 60 by default
//   CHAT_NEMESIS_SKIP     leaves out events whose description holds one of these texts, which are
//                         separated by ';'
//
// A full round: faults overlap (schedule.h); they end, except for a standing one; people continue
// for some seconds; then they are quiet, and everything must settle within the time limits. In a
// light round people write less, and are quiet as soon as its one fault has ended. At the end
// everyone's HISTORY is compared with the tables, with what the user was pushed and with INBOX, and
// the tables with what was acknowledged and received.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <tuple>

#include "faults/nemesis/crowd.h"
#include "faults/nemesis/inbox_count.h"
#include "faults/nemesis/operators.h"
#include "faults/nemesis/schedule.h"
#include "faults/nemesis/world.h"
#include "support/clients/expect.h"
#include "support/figure.h"
#include "support/test_seed.h"

namespace chat::test::nemesis {
namespace {

constexpr std::size_t kNodes = 3;
constexpr int kPeople = 9;
constexpr int kClubs = 3;
constexpr int kContactEvery = 3;  // of three people, the first acts on the second
constexpr std::size_t kEventsShown = 40;
constexpr milliseconds kLook{50};
constexpr milliseconds kStartBound{40'000};  // for a server after a fault, and for MariaDB
constexpr milliseconds kActiveAfterwards{3'000};
constexpr std::chrono::seconds kLastRound{20};  // the approximate duration of a round
constexpr milliseconds kQuietMost{120'000};
constexpr milliseconds kPresenceBound{15'000};

std::chrono::seconds run_time() {
  const char* given = std::getenv("CHAT_NEMESIS_SECONDS");
  const int seconds = given == nullptr ? 60 : std::atoi(given);
  if (seconds < 1) throw std::runtime_error("CHAT_NEMESIS_SECONDS must be a number of seconds");
  return std::chrono::seconds(seconds);
}

bool is_left_out(const Event& event) {
  const char* given = std::getenv("CHAT_NEMESIS_SKIP");
  std::istringstream texts(given == nullptr ? "" : given);
  const std::string description = describe(event);
  for (std::string text; std::getline(texts, text, ';');) {
    if (!text.empty() && description.find(text) != std::string::npos) return true;
  }
  return false;
}

std::vector<std::vector<std::string>> rows_of(const std::string& sql, const std::string& database) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(mariadb().query(sql, database));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, '\t');) rows.back().push_back(cell);
  }
  return rows;
}

Json extra_of(const std::string& text) {
  return text.empty() ? Json::object() : Json::parse(text);
}

class Nemesis : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = World::missing(); !why.empty()) GTEST_SKIP() << why;
  }
  void TearDown() override {
    operators.reset();
    crowd.reset();
    world.reset();
  }

  void start();
  void make_friends_and_clubs();
  void run_round(std::size_t number);
  bool play(const Round& round);
  bool wait_until_ready();
  bool settle();
  std::string difference_of_presence(const std::map<std::int64_t, int>& places);
  bool fine();
  void pass(milliseconds time);
  void note(const std::string& what);
  void report();
  void compare_at_the_end();
  std::vector<StoredMessage> read_tables();
  Crowd::Tables read_lives();
  static Rows read_history(RawClient& client, Place place);
  void compare_views(RawClient& client, std::int64_t user, const std::map<Place, Rows>& histories);
  std::vector<std::vector<std::string>> rows(const std::string& sql) {
    return rows_of(sql, world->cluster().storage().database());
  }

  std::unique_ptr<World> world;
  std::unique_ptr<Crowd> crowd;
  std::unique_ptr<Operators> operators;
  std::vector<std::int64_t> clubs;
  std::vector<Account> people;
  std::vector<std::string> log;
  Time began = Clock::now();
  milliseconds slowest_settling{0};
  int rounds = 0;
  int events = 0;
};

void Nemesis::note(const std::string& what) {
  const auto at = std::chrono::duration_cast<milliseconds>(Clock::now() - began).count();
  log.push_back(std::to_string(at) + " ms: " + what);
}

// One iteration: checks the processes; false after a violation.
bool Nemesis::fine() {
  world->look();
  for (const auto& [promise, what] : world->take_violations()) crowd->violation(promise, what);
  return crowd->state().violations.empty();
}

void Nemesis::pass(milliseconds time) {
  const auto until = Clock::now() + time;
  wait_until([&] { return Clock::now() >= until; }, time * 2);
}

void Nemesis::start() {
  world = std::make_unique<World>(kNodes);
  for (int i = 0; i < kPeople; ++i) {
    people.push_back(register_account(world->cluster().port(0), "person " + std::to_string(i)));
  }
  make_friends_and_clubs();
  crowd = std::make_unique<Crowd>(world->ports(), people, test_seed());
  for (const std::int64_t club : clubs) crowd->add_club(club, people.front().id);
  for (std::size_t i = 0; i + 1 < people.size(); i += kContactEvery) {
    crowd->add_contact(people[i].id, people[i + 1].id);
  }
  std::vector<std::string> sockets;
  for (std::size_t i = 0; i < kNodes; ++i) {
    sockets.push_back(world->cluster().node(i).admin_socket());
  }
  operators = std::make_unique<Operators>(std::move(sockets), *crowd, test_seed());
  crowd->start();
  operators->start();
  pass(milliseconds{2'000});
  began = Clock::now();
}

// All are friends. The first creates the clubs.
void Nemesis::make_friends_and_clubs() {
  for (const Account& one : people) {
    RawClient client(world->cluster().port(0));
    request_ok(client, login_request(one));
    for (const Account& other : people) {
      if (other.id != one.id) request_ok(client, add_friend_request(one, other.id));
    }
    for (int i = 0; i < kClubs; ++i) {
      if (one.id == people.front().id) {
        const Json made = create_group_request(one, "club " + std::to_string(i), "d");
        clubs.push_back(request_ok(client, made).at("groupid"));
      } else {
        request_ok(client, join_group_request(one, clubs[static_cast<std::size_t>(i)]));
      }
    }
    request_ok(client, logout_request(one));
  }
}

// False if a violation was found.
bool Nemesis::play(const Round& round) {
  std::vector<std::tuple<milliseconds, bool, const Event*>> steps;
  for (const Event& event : round.events) {
    if (is_left_out(event)) continue;
    steps.emplace_back(event.at, true, &event);
    steps.emplace_back(event.at + event.lasts, false, &event);
  }
  std::ranges::stable_sort(steps, {}, [](const auto& step) { return std::get<0>(step); });
  const Time start = Clock::now();
  for (const auto& [at, begins, event] : steps) {
    while (Clock::now() < start + at) {
      if (!fine()) return false;
      pass(std::min(kLook, std::chrono::ceil<milliseconds>(start + at - Clock::now())));
    }
    if (begins) {
      ++events;
      note(describe(*event));
      world->begin(*event);
    } else {
      note("end of " + describe(*event));
      world->end(*event);
    }
  }
  return fine();
}

bool Nemesis::wait_until_ready() {
  const Deadline deadline(kStartBound);
  while (!world->all_ready()) {
    if (!fine()) return false;
    if (deadline.passed()) {
      crowd->violation("P7", "a server does not start after the faults are over");
      return false;
    }
    pass(kLook);
  }
  return true;
}

std::string Nemesis::difference_of_presence(const std::map<std::int64_t, int>& places) {
  for (const auto& row : rows("SELECT u.id, u.state, COALESCE(n.name, '-') FROM user u"
                              " LEFT JOIN node n ON n.id = u.node_id")) {
    const auto found = places.find(std::stoll(row.at(0)));
    if (found == places.end()) continue;
    const std::string node = found->second < 0 ? "-" : "node-" + std::to_string(found->second + 1);
    const std::string state = found->second < 0 ? "offline" : "online";
    if (row.at(1) == state && row.at(2) == node) continue;
    return "user " + row.at(0) + " is " + row.at(1) + " on " + row.at(2) + " in the table, and " +
           state + " on " + node + " in truth";
  }
  return "";
}

// Starts nothing new and waits until everything has settled. False if not in time.
bool Nemesis::settle() {
  crowd->be_quiet();
  const Time since = Clock::now();
  std::string open = "not looked yet";
  while (!open.empty()) {
    pass(kLook);
    if (!fine()) return false;
    const Crowd::State state = crowd->state();
    open = state.unsettled;
    if (open.empty() && !operators->idle()) open = "an operator acts";
    if (open.empty()) {
      open = difference_of_presence(state.places);
      const auto bound = kPresenceBound + state.allowance;
      if (!open.empty() && Clock::now() - since > bound) crowd->violation("P7", open);
    }
    if (open.empty()) open = crowd->compare_lives(read_lives());
    if (Clock::now() - since > kQuietMost) crowd->violation("P11", "nothing settles: " + open);
  }
  slowest_settling =
      std::max(slowest_settling, std::chrono::duration_cast<milliseconds>(Clock::now() - since));
  return fine();
}

void Nemesis::run_round(std::size_t number) {
  Round round = draw_round(test_seed(), number, kNodes);
  if (round.standing && is_left_out(*round.standing)) round.standing.reset();
  note("round " + std::to_string(number));
  ++rounds;
  crowd->be_active(round.light, round.lost);
  if (!play(round)) return;
  if (round.standing) {
    note("standing: " + describe(*round.standing));
    world->begin(*round.standing);
  }
  if (!wait_until_ready()) return;
  crowd->healed();
  note("healed");
  // Later messages reveal a gap to the recipient.
  const auto until = Clock::now() + (round.light ? milliseconds{0} : kActiveAfterwards);
  while (Clock::now() < until) {
    if (!fine()) return;
    pass(kLook);
  }
  note("quiet");
  if (settle()) note("settled");
  if (round.standing) world->end(*round.standing);
}

void Nemesis::report() {
  const Crowd::State state = crowd->state();
  std::cout << rounds << " rounds, " << events << " events in "
            << std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - began).count()
            << " s; " << state.figures << "\n";
  for (std::size_t i = 0; i < kNodes; ++i) {
    EXPECT_EQ(world->cluster().node(i).log().find("event=rows_lost"), std::string::npos)
        << "node " << i + 1 << " misses rows, but this database loses none";
  }
  if (crowd->judge().violations().empty()) return;
  std::ostringstream text;
  for (const std::string& violation : crowd->judge().violations()) text << violation << "\n";
  text << "CHAT_TEST_SEED=" << test_seed() << "; the last events, counted from the begin:\n";
  const std::size_t first = log.size() > kEventsShown ? log.size() - kEventsShown : 0;
  for (std::size_t i = first; i < log.size(); ++i) text << "  " << log[i] << "\n";
  ADD_FAILURE() << text.str();
}

std::vector<StoredMessage> Nemesis::read_tables() {
  std::vector<StoredMessage> stored;
  for (const auto& row :
       rows("SELECT recipient, sender, seq, cid, body, COALESCE(kind, ''), COALESCE(extra, '{}')"
            " FROM directmessage ORDER BY recipient, sender, seq")) {
    const Stream stream{false, std::stoll(row.at(0)), std::stoll(row.at(1))};
    stored.push_back({stream, std::stoll(row.at(2)), stream.sender, row.at(3), row.at(4), row.at(5),
                      extra_of(row.at(6))});
  }
  for (const auto& row :
       rows("SELECT groupid, sender, seq, cid, body, COALESCE(kind, ''), COALESCE(extra, '{}')"
            " FROM groupmessage ORDER BY groupid, seq")) {
    const Stream stream{true, std::stoll(row.at(0)), 0};
    stored.push_back({stream, std::stoll(row.at(2)), std::stoll(row.at(1)), row.at(3), row.at(4),
                      row.at(5), extra_of(row.at(6))});
  }
  return stored;
}

Crowd::Tables Nemesis::read_lives() {
  Crowd::Tables tables;
  std::string in = " IN (0";
  for (const std::int64_t club : clubs) in += ", " + std::to_string(club);
  in += ")";
  for (const auto& row :
       rows("SELECT id, muted_until > 0, dismissed_at > 0 FROM allgroup WHERE id" + in)) {
    ClubTable& club = tables.clubs[std::stoll(row.at(0))];
    club.muted_all = row.at(1) == "1";
    club.dismissed = row.at(2) == "1";
  }
  for (const auto& row :
       rows("SELECT groupid, seq, sender, COALESCE(kind, ''), COALESCE(extra, '{}')"
            " FROM groupmessage"
            " WHERE groupid" +
            in + " ORDER BY groupid, seq")) {
    const Json extra = extra_of(row.at(4));
    const std::string kind = row.at(3) == "notice" ? "" : row.at(3);
    tables.clubs[std::stoll(row.at(0))].rows.push_back(
        {std::stoll(row.at(1)), std::stoll(row.at(2)), extra.value("event", kind),
         extra.value("user", std::int64_t{0}), extra.value("role", "")});
  }
  for (const auto& row : rows("SELECT groupid, userid, grouprole, muted_until > 0, joined_seq,"
                              " left_seq FROM groupuser WHERE groupid" +
                              in)) {
    tables.clubs[std::stoll(row.at(0))].memberships[std::stoll(row.at(1))] = {
        row.at(2), row.at(3) == "1", std::stoll(row.at(4)), std::stoll(row.at(5))};
  }
  for (const auto& row : rows("SELECT userid, blocked FROM block")) {
    tables.blocked.emplace(std::stoll(row.at(0)), std::stoll(row.at(1)));
  }
  for (const auto& row : rows("SELECT userid, friendid FROM friend")) {
    tables.listed.emplace(std::stoll(row.at(0)), std::stoll(row.at(1)));
  }
  return tables;
}

Rows Nemesis::read_history(RawClient& client, Place place) {
  Rows shown;
  Json request = {{"msgid", 25}, {"limit", 100}, {place.first ? "groupid" : "with", place.second}};
  while (true) {
    client.send_raw(request.dump() + "\n");
    const Json page = client.reply(request);
    expect_ok(page, 125);
    if (page.at("errno") != 0) return shown;
    const auto messages = page.at("messages").get<Rows>();
    shown.insert(shown.begin(), messages.begin(), messages.end());
    if (!page.contains("cursor")) return shown;
    request["cursor"] = page.at("cursor");
  }
}

// What the user has got equals HISTORY, now that nothing changes any more, and INBOX counts it.
void Nemesis::compare_views(RawClient& client, std::int64_t user,
                            const std::map<Place, Rows>& histories) {
  ClientView& view = crowd->view(user);
  std::string what;
  wait_until([&] {
    client.take_in(milliseconds{0});
    while (client.waiting() > 0) {
      const Json frame = client.receive();
      if (frame.at("msgid") == 6 || frame.at("msgid") == 10) view.take(frame);
    }
    what.clear();
    for (const auto& [place, rows] : histories) {
      if (what.empty()) what = view.difference(place, rows, ClientView::Own::kUnknown);
    }
    return what.empty();
  });
  const std::string who = "user " + std::to_string(user) + ": ";
  if (!what.empty()) crowd->violation("view", who + what);
  Json request{{"msgid", 54}};
  while (true) {
    client.send_raw(request.dump() + "\n");
    const Json page = client.reply(request);
    expect_ok(page, 154);
    for (const Json& item : page.value("conversations", Json::array())) {
      const bool group = item.contains("groupid");
      const Place place{group, item.at(group ? "groupid" : "with")};
      const auto rows = histories.find(place);
      if (rows == histories.end()) continue;
      const std::string different =
          difference_of_item(user, place, item, rows->second, crowd->highest_read(user, place));
      if (!different.empty()) crowd->violation("unread", who + different);
    }
    if (!page.contains("cursor")) return;
    request["cursor"] = page.at("cursor");
  }
}

void Nemesis::compare_at_the_end() {
  Judge& judge = crowd->judge();
  const std::vector<StoredMessage> stored = read_tables();
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> joined;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> left;
  for (const auto& row : rows("SELECT userid, groupid, joined_seq, left_seq FROM groupuser")) {
    const std::pair key{std::stoll(row.at(0)), std::stoll(row.at(1))};
    joined[key] = std::stoll(row.at(2));
    if (row.at(3) != "0") left[key] = std::stoll(row.at(3));
  }
  judge.compare_with_tables(stored, joined);
  for (const Account& one : people) {
    RawClient client(world->cluster().port(0));
    client.keep_notices();
    const Json welcome =
        request_patiently(client, login_request(one, {{"takeover", true}, {"ack", true}}));
    for (const Json& message : welcome.at("offlinemsg")) crowd->view(one.id).take(message);
    std::map<Place, Rows> histories;
    for (const Account& other : people) {
      if (other.id != one.id) histories[{false, other.id}] = {};
    }
    for (const auto& [key, seq] : joined) {
      if (key.first == one.id) histories[{true, key.second}] = {};
    }
    std::vector<StoredMessage> shown;
    for (auto& [place, rows] : histories) {
      rows = read_history(client, place);
      for (const Json& row : rows) {
        const std::int64_t sender = row.at("id");
        if (!place.first && sender == one.id) continue;
        const Stream stream{place.first, place.first ? place.second : one.id,
                            place.first ? 0 : sender};
        shown.push_back({stream, row.at("seq"), sender, row.at("cid"), row.at("msg")});
      }
    }
    compare_views(client, one.id, histories);
    std::vector<StoredMessage> wanted;
    std::ranges::copy_if(stored, std::back_inserter(wanted), [&](const StoredMessage& row) {
      const bool by_one_of_them =
          std::ranges::find(people, row.stream.sender, &Account::id) != people.end();
      if (!row.stream.group) return row.stream.target == one.id && by_one_of_them;
      const auto found = joined.find({one.id, row.stream.target});
      const auto end = left.find({one.id, row.stream.target});
      if (end != left.end() && row.seq > end->second) return false;
      return found != joined.end() && row.seq > found->second;
    });
    judge.compare_history(one.id, shown, wanted);
  }
}

TEST_F(Nemesis, PartialFaultsBreakNoPromise) {
  test_seed();  // prints it
  start();
  const Time until = began + run_time() - std::min(kLastRound, run_time() / 2);
  for (std::size_t number = 0; Clock::now() < until && fine(); ++number) run_round(number);
  const bool found = !fine();
  operators->stop();
  crowd->stop();
  if (!found) compare_at_the_end();
  report();
  figure("nemesis: rounds", rounds, "");
  figure("nemesis: slowest settling", slowest_settling);
}

}  // namespace
}  // namespace chat::test::nemesis

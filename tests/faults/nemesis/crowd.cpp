#include "faults/nemesis/crowd.h"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace chat::test::nemesis {
namespace {

constexpr int kPollMs = 20;

constexpr int kLoginAck = 2;
constexpr int kRegistered = 5;
constexpr int kOneChat = 6;
constexpr int kGroupChat = 10;
constexpr int kPresence = 200;
constexpr int kErrnoFailed = 1;
constexpr int kErrnoAlreadyOnline = 2;
constexpr int kErrnoNotLoggedIn = 20;
constexpr int kErrnoExists = 25;
constexpr int kErrnoInvalidToken = 26;
constexpr int kErrnoRateLimited = 30;
constexpr milliseconds kKickBinds{2'000};

// Thrown when a connection is unusable; drive() closes it.
struct Leave {};

}  // namespace

Crowd::Crowd(std::vector<std::uint16_t> ports, const std::vector<Account>& people,
             std::uint64_t seed)
    : ports_(std::move(ports)), judge_("n" + std::to_string(seed % 100'000)), random_(seed) {
  for (const Account& account : people) {
    people_.emplace_back();
    people_.back().account = account;
    people_.back().restless = people_.size() % 2 == 0;
    people_.back().absent_since = Clock::now();
  }
  for (int i = 0; i < kMortals; ++i) {
    people_.emplace_back();
    people_.back().mortal = true;
    begin_anew(people_.back(), Clock::now());
  }
}

void Crowd::start() {
  thread_ = base::Thread("crowd", [this] { work(); });
}

void Crowd::stop() {
  stopping_ = true;
  thread_.join();
  base::MutexLock lock(mutex_);
  for (Person& person : people_) person.sessions.clear();
}

void Crowd::healed() {
  base::MutexLock lock(mutex_);
  healed_at_ = Clock::now();
  lag_ = milliseconds{0};
}

void Crowd::be_quiet() {
  base::MutexLock lock(mutex_);
  quiet_ = true;
  quiet_since_ = Clock::now();
  unsettled_ = "not looked yet";
  // Absent people stay away, so that others can observe that.
  for (Person& person : people_) {
    if (person.rests_until <= quiet_since_) continue;
    person.rests_until = Time::max();
    // Closes sessions left open, which nobody takes over.
    std::vector<Session*> open;
    for (Session& session : person.sessions) {
      if (!session.superseded_at) open.push_back(&session);
    }
    for (Session* session : open) leave(person, *session, quiet_since_);
  }
}

void Crowd::be_active(bool calm, const std::vector<std::string>& favoured) {
  base::MutexLock lock(mutex_);
  quiet_ = false;
  calm_ = calm;
  favoured_ = favoured;
  for (Person& person : people_) person.rests_until = {};
}

void Crowd::violation(const std::string& promise, const std::string& what) {
  base::MutexLock lock(mutex_);
  judge_.violation(promise, what);
}

Crowd::State Crowd::state() {
  base::MutexLock lock(mutex_);
  State state{unsettled_, judge_.violations(), {}, allowance(), {}};
  for (const Person& person : people_) {
    if (person.account.id == 0) continue;
    state.places[person.account.id] =
        person.current == nullptr ? -1 : static_cast<int>(person.current->node);
  }
  state.figures = std::to_string(judge_.messages()) + " sent, " +
                  std::to_string(judge_.acknowledged()) + " acknowledged, " +
                  std::to_string(judge_.received()) + " received, " + std::to_string(logins_) +
                  " logins, " + std::to_string(takeovers_) + " takeovers, " +
                  std::to_string(losses_) + " connections lost, " + std::to_string(groups_.size()) +
                  " groups, " + std::to_string(deletions_) + " accounts deleted, " +
                  std::to_string(life_acts_) + " acts on clubs and contacts, " +
                  std::to_string(judge_.revisions().confirmations()) + " recalls and edits, " +
                  std::to_string(orders_) + " acts by operators";
  return state;
}

int Crowd::random(int least, int most) {
  return std::uniform_int_distribution(least, most)(random_);
}

void Crowd::work() {
  Time last = Clock::now();
  while (!stopping_) {
    wait_for_input();
    base::MutexLock lock(mutex_);
    const Time now = Clock::now();
    lag_ = std::max(lag_, std::chrono::duration_cast<milliseconds>(now - last));
    last = now;
    for (Person& person : people_) drive(person, now);
    if (quiet_) unsettled_ = look_around(now);
  }
}

void Crowd::wait_for_input() {
  std::vector<pollfd> waits;
  {
    base::MutexLock lock(mutex_);
    for (const Person& person : people_) {
      for (const Session& session : person.sessions) {
        waits.push_back({session.client->fd(), POLLIN, 0});
      }
    }
  }
  ::poll(waits.data(), waits.size(), kPollMs);
}

void Crowd::drive(Person& person, Time now) {
  for (auto session = person.sessions.begin(); session != person.sessions.end();) {
    Session& here = *session++;
    try {
      read(person, here, now);
    } catch (const ConnectionEnded&) {
      connection_lost(person, here, now);
    } catch (const TimedOut&) {  // the server takes no more bytes
      leave(person, here, now);
    } catch (const Leave&) {
      leave(person, here, now);
    }
  }
  try {
    if (person.entering != nullptr && now >= person.entering->registers_at.value_or(Time::max())) {
      person.entering->registers_at.reset();
      send(*person.entering, login_of(person), now);
    }
    lose_patience(person, now);
    if (person.current != nullptr) {
      if (!quiet_) act(person, now);
    }
    if (person.current != nullptr) send_outbox(person, now);
  } catch (const ConnectionEnded&) {
    if (person.current != nullptr) leave(person, *person.current, now);
  } catch (const TimedOut&) {
    if (person.current != nullptr) leave(person, *person.current, now);
  }
  const bool wants_in = person.current == nullptr && person.entering == nullptr;
  if (wants_in && now >= person.next_login && now >= person.rests_until) log_in(person, now);
}

void Crowd::read(Person& person, Session& session, Time now) {
  session.client->take_in(milliseconds{0});
  while (session.client->waiting() > 0) take(person, session, session.client->receive(), now);
  if (session.client->ended()) throw ConnectionEnded("the server closed it");
}

void Crowd::take(Person& person, Session& session, const Json& frame, Time now) {
  const int msgid = frame.at("msgid");
  const std::string cid = frame.value("cid", "");
  switch (msgid) {
    case kLoginAck: return take_login(person, session, frame, now);
    case kRegistered: return take_registration(person, session, frame, now);
    case kOneChat:
    case kGroupChat: return take_message(person, session, frame);
    case kOneChat + 100:
    case kGroupChat + 100: return take_chat_answer(person, session, frame, now);
    case kPresence: session.friends[frame.at("id")] = frame.at("state"); return;
    default: break;
  }
  if (session.requests.contains(cid)) take_answer(person, session, frame, now);
}

void Crowd::take_login(Person& person, Session& session, const Json& frame, Time now) {
  if (person.entering != &session) throw Leave{};  // of an account that was deleted meanwhile
  if (frame.at("errno") != 0) {
    take_refused_login(person, session, frame, now);
    throw Leave{};
  }
  ++logins_;
  if (person.disabled_since && session.since > *person.disabled_since) {
    judge_.violation("disable", "user " + std::to_string(person.account.id) +
                                    " is let in on node " + std::to_string(session.node + 1));
  }
  person.token = frame.at("token");
  person.token_is_doubtful = person.may_be_disabled;
  session.logged_in = true;
  session.user = person.account.id;
  person.waits_its_turn = false;
  session.since = now;
  for (Session& other : person.sessions) {
    if (&other != &session && !other.superseded_at) other.superseded_at = now;
  }
  if (session.takes_over) ++takeovers_;
  person.current = &session;
  person.entering = nullptr;
  for (Outgoing& message : person.outbox) {
    message.on = nullptr;
    message.at = now;
  }
  for (const Json& other : frame.at("friends")) session.friends[other.at("id")] = other.at("state");
  for (const Json& group : frame.at("groups")) {
    if (clubs_.holds(group.at("id"))) continue;
    judge_.joined(person.account.id, group.at("id"), now);
    new_group(group.at("id"));
  }
  for (const Json& message : frame.at("offlinemsg")) take_message(person, session, message);
}

// A missing account was deleted by a request whose answer was lost; a different password was set by
// a request without an answer yet, or answered during this login.
void Crowd::take_refused_login(Person& person, const Session& session, const Json& frame,
                               Time now) {
  const int code = frame.at("errno");
  person.next_login = now + milliseconds{frame.value("retry_after_ms", random(100, 400))};
  if (code == kErrnoInvalidToken) person.token.clear();
  if (code == kErrnoAlreadyOnline) {
    person.asks_again = session.node;
    return;
  }
  if (frame.contains("retry_after_ms")) {
    if (!quiet_ && random(0, 4) == 0) stay_away(person, now);
    return;
  }
  const bool password_moves =
      !person.new_password.empty() || person.password_moved_at >= session.since;
  const bool is_wrong = code == kErrnoFailed || code == kErrnoInvalidToken;
  if (is_wrong && person.asked_to_delete) return begin_anew(person, now);
  if (is_wrong && (password_moves || was_disabled(person, session, code))) return;
  judge_.violation("P7", "user " + std::to_string(person.account.id) + " is refused on node " +
                             std::to_string(session.node + 1) + ": " + frame.dump());
}

// A taken name was registered by a request whose answer was lost. After requests on one connection
// only, the registration must succeed.
void Crowd::take_registration(Person& person, Session& session, const Json& frame, Time now) {
  if (person.account.id != 0) throw Leave{};
  if (frame.contains("retry_after_ms")) {
    session.since = now;
    session.registers_at = now + milliseconds{frame.at("retry_after_ms")};
    return;
  }
  if (frame.at("errno") == 0) person.account.id = frame.at("id");
  if (frame.at("errno") == kErrnoFailed) {
    if (person.registers_on == 1) {
      judge_.violation("P3", "nobody else asks for the name of " + person.account.name +
                                 ", and it is refused: " + frame.dump());
    }
    person.account.name += "'";
    person.registers_on = 0;
  }
  throw Leave{};
}

// The account is deleted: all its sessions must end.
void Crowd::begin_anew(Person& person, Time now) {
  if (person.account.id != 0) ++deletions_;
  const std::string name = "mortal " + std::to_string(++lives_);
  person.account = {0, name, "secret of " + name};
  person.token.clear();
  person.asked_to_delete = false;
  person.registers_on = 0;
  person.new_password.clear();
  person.outbox.clear();
  person.sent_to.clear();
  person.burst_left = 0;
  person.life.reset();
  person.current = nullptr;
  person.entering = nullptr;
  person.absent_since = now;
  for (Session& session : person.sessions) {
    session.superseded_at = now;
    std::erase_if(session.requests, [](const auto& item) {
      return item.second.what != Ask::kLogout && item.second.what != Ask::kDelete;
    });
  }
}

void Crowd::take_message(Person& person, Session& session, const Json& push) {
  const bool counts = person.current == &session;
  if (push.at("msgid") == kGroupChat && clubs_.holds(push.at("groupid"))) {
    clubs_.pushed(session.user, push, counts);
  }
  judge_.pushed(session.user, push, counts);
  if (counts) view(session.user).take(push);
  // A user who has moved elsewhere acknowledges nothing here, and acknowledgements are not always
  // immediate.
  if (counts && random(0, 9) != 0) acknowledge(session, push);
}

void Crowd::take_chat_answer(Person& person, const Session& session, const Json& frame, Time now) {
  const auto number = judge_.number_of(frame.value("cid", ""));
  if (!number) return judge_.violation("P10", "an answer to nothing: " + frame.dump());
  const auto message = std::ranges::find(person.outbox, *number, &Outgoing::number);
  const int code = frame.at("errno");
  const bool named_all =
      message != person.outbox.end() && judge_.message(*number).more.contains("at_all");
  if (named_all && code == kErrnoRateLimited) {  // once a minute; surely not stored
    person.outbox.erase(message);
    return judge_.refused_rightly(*number);
  }
  if (frame.contains("retry_after_ms") || code == kErrnoNotLoggedIn) {
    if (message == person.outbox.end()) return;
    message->on = nullptr;
    message->at = now + milliseconds{frame.value("retry_after_ms", 500)};
    return;
  }
  if (message != person.outbox.end()) person.outbox.erase(message);
  if (code != 0) return take_refused_chat(*number, frame, now);
  const bool is_first = !judge_.message(*number).acked_at;
  judge_.acked(*number, frame.at("seq"), now);
  if (is_first) remember_own(person, *number);
  const Message& stored = judge_.message(*number);
  if (!stored.stream.group &&
      contacts_.surely_bars(stored.sender, stored.stream.target, *stored.wired_at)) {
    judge_.violation("block", judge_.describe(*number) + " is stored in spite of a block");
  }
  if (session.kicked_at && *stored.wired_at > *session.kicked_at + kKickBinds) {
    judge_.violation("kick", judge_.describe(*number) + " is stored for a session that was kicked");
  }
}

void Crowd::take_answer(Person& person, Session& session, const Json& frame, Time now) {
  const Request request = session.requests.at(frame.at("cid"));
  session.requests.erase(frame.at("cid").get<std::string>());
  if (request.what == Ask::kPing) return;
  if (request.what == Ask::kLogout) throw Leave{};
  const int code = frame.at("errno");
  // The account is known to be deleted; the connection stays open if this is the answer to that.
  if (request.what == Ask::kDelete && session.user != person.account.id) {
    if (code == 0) throw Leave{};
    return;
  }
  if (frame.contains("retry_after_ms")) {
    person.next_ask = now + milliseconds{frame.at("retry_after_ms")};
    return;
  }
  if (code == kErrnoNotLoggedIn) return;
  if (request.what == Ask::kLife) return take_life(person, session, frame, now);
  if (request.what == Ask::kRevise) return take_revision(person, frame, now);
  if (request.what == Ask::kCreate) return take_creation(person, request.wanted, frame, now);
  if (request.what == Ask::kFindCreated) {
    return take_found_group(person, request.wanted, frame, now);
  }
  if (request.what == Ask::kPassword) {
    if (request.wanted == person.new_password) take_password(person, frame, now);
    return;
  }
  if (request.what == Ask::kDelete && code == 0) {
    begin_anew(person, now);
    throw Leave{};
  }
  if (request.what == Ask::kJoin && (code == 0 || code == kErrnoExists)) {
    person.wanted_groups.erase(request.group);
    return joined(person, request.group, now);
  }
  const std::string what = request.what == Ask::kDelete
                               ? "delete the account"
                               : "join group " + std::to_string(request.group);
  judge_.violation(
      "P10", "user " + std::to_string(person.account.id) + " cannot " + what + ": " + frame.dump());
}

// Names are unique per person, so an existing group was created by an earlier request. An answer
// may arrive late, on an older session, when the group is already known.
void Crowd::take_creation(Person& person, const std::string& name, const Json& frame, Time now) {
  const int code = frame.at("errno");
  const bool is_wanted = name == person.wanted_creation;
  if (code == kErrnoExists) {
    if (is_wanted) person.creation_exists = true;
    return;
  }
  if (is_wanted) person.wanted_creation.clear();
  if (code == 0) {
    creators_[frame.at("groupid")] = person.account.id;
    new_group(frame.at("groupid"));
    joined(person, frame.at("groupid"), now);
  } else {
    judge_.violation("P10", "user " + std::to_string(person.account.id) + " cannot make group " +
                                name + ": " + frame.dump());
  }
}

void Crowd::take_found_group(Person& person, const std::string& name, const Json& frame, Time now) {
  if (name != person.wanted_creation) return;
  person.wanted_creation.clear();
  person.creation_exists = false;
  for (const Json& group : frame.value("groups", Json::array())) {
    if (group.at("groupname") != name) continue;
    creators_[group.at("id")] = person.account.id;
    new_group(group.at("id"));
    return joined(person, group.at("id"), now);
  }
  judge_.violation("P3", "user " + std::to_string(person.account.id) + " cannot make group " +
                             name + ", which exists, and is not in it");
}

// If the old password is wrong, the new one is already set. After requests on one connection only,
// the change must be confirmed.
void Crowd::take_password(Person& person, const Json& frame, Time now) {
  if (frame.at("errno") != 0 && person.password_on == 1) {
    judge_.violation("P10", "user " + std::to_string(person.account.id) +
                                " cannot change the password: " + frame.dump());
  }
  person.account.password = std::exchange(person.new_password, {});
  person.password_moved_at = now;
}

}  // namespace chat::test::nemesis

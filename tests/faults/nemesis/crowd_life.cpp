// What people do to clubs and contacts, and what operators do to people.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "faults/nemesis/crowd.h"

namespace chat::test::nemesis {
namespace {

using Kind = LifeAct::Kind;

constexpr int kTokenRefused = 26;
constexpr milliseconds kDisabledPause{700};

// More often means more likely.
constexpr Kind kOfCreators[] = {
    Kind::kRemove,    Kind::kRemove,    Kind::kMute,    Kind::kMute,    Kind::kUnmute,
    Kind::kUnmute,    Kind::kUnmute,    Kind::kMuteAll, Kind::kUnmute,  Kind::kUnmuteAll,
    Kind::kUnmuteAll, Kind::kUnmuteAll, Kind::kPromote, Kind::kPromote, Kind::kDemote,
    Kind::kHandOver,  Kind::kHandOver,  Kind::kLeave};
constexpr Kind kOfAdmins[] = {Kind::kRemove,    Kind::kMute,      Kind::kMute,    Kind::kUnmute,
                              Kind::kUnmute,    Kind::kUnmute,    Kind::kMuteAll, Kind::kUnmuteAll,
                              Kind::kUnmuteAll, Kind::kUnmuteAll, Kind::kPromote, Kind::kLeave};
constexpr Kind kOfMembers[] = {Kind::kLeave, Kind::kLeave, Kind::kJoin, Kind::kRemove, Kind::kMute};

bool needs_target(Kind kind) {
  switch (kind) {
    case Kind::kJoin:
    case Kind::kLeave:
    case Kind::kMuteAll:
    case Kind::kUnmuteAll: return false;
    default: return true;
  }
}

}  // namespace

void Crowd::add_club(std::int64_t club, std::int64_t creator) {
  base::MutexLock lock(mutex_);
  clubs_.add(club, creator);
  judge_.add_club(club);
  for (const Person& person : people_) {
    if (person.mortal) continue;
    judge_.joined(person.account.id, club, Clock::now());
    if (person.account.id == creator) continue;
    clubs_.asked({.kind = Kind::kJoin, .actor = person.account.id, .club = club});
  }
}

void Crowd::add_contact(std::int64_t first, std::int64_t second) {
  base::MutexLock lock(mutex_);
  contacts_.add(first, second);
}

std::vector<std::int64_t> Crowd::clubs() {
  base::MutexLock lock(mutex_);
  return clubs_.clubs();
}

// A former or a muted member goes on writing now and then.
std::optional<std::int64_t> Crowd::random_club(const Person& person) {
  const std::vector<std::int64_t> clubs = clubs_.clubs();
  if (clubs.empty() || random(0, 1) == 0) return std::nullopt;
  const std::int64_t club =
      clubs[static_cast<std::size_t>(random(0, static_cast<int>(clubs.size()) - 1))];
  if (!clubs_.guess(club).may_write(person.account.id) && random(0, 2) != 0) return std::nullopt;
  return club;
}

// Decides on an act; ask_again() sends it.
void Crowd::live(Person& person, Time now) {
  if (person.life || now < person.next_life || person.asked_to_delete) return;
  person.next_life = now + milliseconds{random(100, calm_ ? 600 : 1'000)};
  std::optional<LifeAct> act = draw_contact_act(person);
  if (!act) act = draw_act(person);
  if (!act) return;
  act->actor = person.account.id;
  act->cid = "l" + std::to_string(++cids_);
  person.life = std::move(act);
}

std::optional<LifeAct> Crowd::draw_contact_act(const Person& person) {
  const std::int64_t other = contacts_.other_of(person.account.id);
  if (other == 0 || random(0, 2) == 0) return std::nullopt;
  LifeAct act{.target = other};
  if (contacts_.blocks(person.account.id)) {
    act.kind = Kind::kUnblock;
  } else if (random(0, 2) != 0) {
    act.kind = Kind::kBlock;
  } else {
    act.kind = contacts_.lists(person.account.id) ? Kind::kUnfriend : Kind::kBefriend;
  }
  return act;
}

std::optional<LifeAct> Crowd::draw_act(const Person& person) {
  const std::vector<std::int64_t> clubs = clubs_.clubs();
  if (clubs.empty()) return std::nullopt;
  LifeAct act{.club =
                  clubs[static_cast<std::size_t>(random(0, static_cast<int>(clubs.size()) - 1))]};
  const std::string role = clubs_.guess(act.club).role_of(person.account.id);
  std::span<const Kind> kinds = kOfMembers;
  if (role == "creator") kinds = kOfCreators;
  if (role == "admin") kinds = kOfAdmins;
  if (role == "normal" && random(0, 4) != 0) return std::nullopt;
  act.kind = kinds[static_cast<std::size_t>(random(0, static_cast<int>(kinds.size()) - 1))];
  if (role.empty() && random(0, 5) != 0) act.kind = Kind::kJoin;
  if (!needs_target(act.kind)) return act;
  std::vector<std::int64_t> others;
  for (const Person& other : people_) {
    if (other.account.id != 0 && &other != &person) others.push_back(other.account.id);
  }
  act.target = others[static_cast<std::size_t>(random(0, static_cast<int>(others.size()) - 1))];
  return act;
}

void Crowd::ask_life(Person& person, Time now) {
  LifeAct& act = *person.life;
  if (!act.asked_at) {
    act.asked_at = now;
    if (act.is_of_club()) {
      act.from_head = clubs_.head(act.club);
      clubs_.asked(act);
    } else {
      contacts_.asked(act, now);
    }
  }
  ++act.attempts;
  if (act.kind == Kind::kJoin) judge_.asked_to_join(act.actor, act.club, now);
  ask(*person.current, {Ask::kLife, act.club, now, act.cid}, request_of(act), now);
}

// An earlier attempt may still wait in a server that is stopped. If it is made after all, it shows
// only in a state that has changed since.
void Crowd::undo(Person& person, const LifeAct& act) {
  std::optional<LifeAct> inverse = inverse_of(act);
  if (!inverse) return;
  inverse->cid = "l" + std::to_string(++cids_);
  person.life = std::move(inverse);
}

// Of several attempts the first answer counts.
void Crowd::take_life(Person& person, Session& session, const Json& frame, Time now) {
  if (!person.life || person.life->cid != frame.at("cid")) return;
  const LifeAct act = *std::exchange(person.life, std::nullopt);
  const int code = frame.at("errno");
  ++life_acts_;
  constexpr std::array kExpected = {codes::kOk, codes::kNotAllowed, codes::kNotFound,
                                    codes::kConflict, codes::kExists};
  if (std::ranges::find(kExpected, code) == kExpected.end()) {
    return judge_.violation("P10", describe(act) + " was refused: " + frame.dump());
  }
  if (act.attempts > 1 && code == codes::kOk && !quiet_) undo(person, act);
  if (act.is_of_club()) return clubs_.answered(act, code);
  for (const std::string& what : contacts_.answered(act, code, now)) {
    judge_.violation("contact", what);
  }
  const Json added = frame.value("friend", Json::object());
  if (act.kind == Kind::kBefriend) session.friends[act.target] = added.value("state", "unknown");
  if (act.kind == Kind::kBefriend && person.current != &session && person.current != nullptr) {
    person.current->friends[act.target] = "unknown";
  }
}

void Crowd::take_refused_chat(std::size_t number, const Json& frame, Time now) {
  const int code = frame.at("errno");
  const Message& message = judge_.message(number);
  const Stream& to = message.stream;
  if (to.group && clubs_.holds(to.target) &&
      (code == codes::kNotAllowed || code == codes::kNotFound)) {
    judge_.refused_rightly(number);
    LifeAct act{.actor = message.sender, .club = to.target};
    act.from_head = message.from_head;
    return clubs_.answered(act, code);
  }
  if (!to.group && code == codes::kNotAllowed &&
      contacts_.may_bar(message.sender, to.target, *message.wired_at, now)) {
    return judge_.refused_rightly(number);
  }
  judge_.refused(number, frame.value("error", "") + " " + frame.value("errmsg", ""));
}

// True if the refusal of a login may come from a disabled account, or from a token revoked by that.
bool Crowd::was_disabled(Person& person, const Session& session, int code) {
  person.next_login += kDisabledPause;  // refused logins are counted
  if (code == kTokenRefused && std::exchange(person.token_is_doubtful, false)) return true;
  return person.may_be_disabled || person.enabled_at >= session.since;
}

std::optional<Crowd::Order> Crowd::next_order() {
  base::MutexLock lock(mutex_);
  const Time now = Clock::now();
  for (Person& person : people_) {
    if (!person.may_be_disabled) continue;
    person.disabled_since.reset();
    return Order{"enable", person.account.id, now};
  }
  if (quiet_) return std::nullopt;
  Person& person = *std::next(people_.begin(), random(0, readers() - 1));
  Order order{random(0, 1) == 0 ? "kick" : "disable", person.account.id, now};
  if (order.word == "disable") {
    person.may_be_disabled = true;
    person.token_is_doubtful = true;
  }
  return order;
}

void Crowd::order_done(const Order& order, std::optional<bool> changed) {
  base::MutexLock lock(mutex_);
  const Time now = Clock::now();
  for (Person& person : people_) {
    if (person.account.id != order.user || !changed) continue;
    ++orders_;
    if (order.word == "disable") person.disabled_since = now;
    if (order.word == "enable") {
      person.may_be_disabled = false;
      person.enabled_at = now;
    }
    const bool ends = order.word == "disable" || (order.word == "kick" && *changed);
    for (Session& session : person.sessions) {
      const bool is_older = session.logged_in && session.since < order.since;
      if (ends && is_older && !session.kicked_at) session.kicked_at = now;
    }
  }
}

std::string Crowd::compare_lives(const Tables& tables) {
  base::MutexLock lock(mutex_);
  for (const std::string& what : clubs_.compare(tables.clubs)) judge_.violation("group", what);
  for (const std::string& what : contacts_.compare(tables.blocked, tables.listed)) {
    judge_.violation("contact", what);
  }
  const Time now = Clock::now();
  for (const Person& person : people_) {
    if (person.current == nullptr) continue;
    const std::string missing = clubs_.missing(person.account.id);
    if (missing.empty()) continue;
    const Time since = std::max(healed_at_, person.current->since);
    overdue("P1", missing + ", on node " + std::to_string(person.current->node + 1), since, now,
            milliseconds{10'000});
    return missing;
  }
  return "";
}

}  // namespace chat::test::nemesis

// The actions of people: logging in and out, writing, joining groups, timing out.
#include <algorithm>
#include <string_view>
#include <utility>

#include "faults/nemesis/crowd.h"

namespace chat::test::nemesis {
namespace {

constexpr std::size_t kOutboxMost = 40;
// A direct stream remembers 64 cids, so at most this many messages may be sent after an unanswered
// one.
constexpr std::int64_t kAheadMost = 50;
constexpr int kBurst = 90;
constexpr std::size_t kGroupsMost = 300;
constexpr int kStaysPut = 12;  // a calm person moves this many times less than a restless one
constexpr milliseconds kPingAfter{1'000};
constexpr int kLogin = 1;
// Ranges of the dice: takeover, logout, or leaving.
constexpr int kFirstMove = 160;
constexpr int kLastMove = 181;
// Joining or creating a group.
constexpr int kFirstOfGroups = 182;
constexpr int kLastOfGroups = 194;
constexpr int kFirstCreation = 193;
// For mortal accounts: changing the password, or deleting the account.
constexpr int kFirstPassword = 182;
constexpr int kLastPassword = 194;
constexpr int kFirstDeletion = 195;
constexpr int kLastDeletion = 199;
constexpr int kGuests = 3;  // people who join a new group immediately

// Which actions cause which writes.
struct Favourite {
  std::string_view write;
  bool of_mortals;
  int first;
  int last;
};
constexpr Favourite kFavourites[] = {
    {"INSERT INTO groupuser", false, kFirstOfGroups, kFirstCreation - 2},
    {"INSERT INTO allgroup", false, kFirstCreation, kLastOfGroups},
    {"UPDATE user SET password", true, kFirstPassword, kLastPassword},
    {"UPDATE user SET name = ''", true, kFirstDeletion, kLastDeletion},
    {"INSERT INTO user", true, kFirstDeletion, kLastDeletion},  // followed by a new registration
};

}  // namespace

void Crowd::connection_lost(Person& person, Session& session, Time now) {
  ++losses_;
  const bool was_in = person.current == &session;
  leave(person, session, now);
  if (was_in && !quiet_ && random(0, 2) == 0) stay_away(person, now);
}

// Stays away for a while, or until the next round.
void Crowd::stay_away(Person& person, Time now) {
  constexpr int kRoundMs = 3'600'000;
  person.rests_until = now + milliseconds{random(0, 1) == 0 ? random(2'000, 15'000) : kRoundMs};
}

// Closes the connection, and drops its requests in flight.
void Crowd::leave(Person& person, Session& session, Time now) {
  if (person.current == &session) {
    person.current = nullptr;
    person.absent_since = now;
  }
  if (person.entering == &session) {
    person.entering = nullptr;
    person.next_login = std::max(person.next_login, now + milliseconds{random(20, 300)});
  }
  std::erase_if(person.outbox,
                [&](const Outgoing& message) { return message.on == &session && !message.resend; });
  for (Outgoing& message : person.outbox) {
    if (message.on == &session) message.on = nullptr;
  }
  person.sessions.remove_if([&](const Session& one) { return &one == &session; });
}

// Gives up an unresponsive session: closes its connection, or leaves it open and logs in elsewhere,
// like a client whose network hangs.
void Crowd::lose_patience(Person& person, Time now) {
  if (Session* entering = person.entering;
      entering != nullptr && now - entering->since > entering->patience) {
    leave(person, *entering, now);
  }
  std::vector<Session*> silent;  // the logged-out sessions
  for (Session& session : person.sessions) {
    for (const auto& [cid, request] : session.requests) {
      const bool late = now - request.sent_at > session.patience;
      if (request.what == Ask::kLogout && late) silent.push_back(&session);
    }
  }
  for (Session* session : silent) leave(person, *session, now);
  Session* current = person.current;
  if (current == nullptr) return;
  Time oldest = now;
  for (const Outgoing& message : person.outbox) {
    if (message.on == current) oldest = std::min(oldest, message.at);
  }
  for (const auto& [cid, request] : current->requests) oldest = std::min(oldest, request.sent_at);
  if (now - oldest <= current->patience) {
    if (current->requests.empty() && now - current->spoke_at > kPingAfter) {
      ask(*current, {Ask::kPing}, {{"msgid", 21}}, now);
    }
    return;
  }
  const auto waiting = std::ranges::find_if(person.outbox, [&](const Outgoing& message) {
    return message.on == current && !judge_.message(message.number).stream.group;
  });
  if (waiting != person.outbox.end() && random(0, 3) != 0) {
    person.burst_to = judge_.message(waiting->number).stream;
    person.burst_left = kBurst;
  }
  person.next_login = now;
  if (random(0, 1) == 0) return leave(person, *current, now);
  person.current = nullptr;
  person.absent_since = now;
  std::erase_if(person.outbox,
                [&](const Outgoing& message) { return message.on == current && !message.resend; });
}

void Crowd::log_in(Person& person, Time now) {
  auto node = static_cast<std::size_t>(random(0, static_cast<int>(ports_.size()) - 1));
  const Json request = login_of(person);
  const auto asks_again = std::exchange(person.asks_again, std::nullopt);
  if (asks_again && person.waits_its_turn) node = *asks_again;
  try {
    Session session;
    session.client = std::make_unique<RawClient>(ports_[node]);
    session.client->keep_presence();
    session.client->keep_notices();
    session.node = node;
    session.since = now;
    session.takes_over = person.current != nullptr;
    session.patience = milliseconds{random(0, 2) == 0 ? random(500, 1'200) : random(1'200, 6'000)};
    session.spoke_at = now;
    person.sessions.push_back(std::move(session));
    person.entering = &person.sessions.back();
    if (person.account.id == 0) ++person.registers_on;
    send(*person.entering, request, now);
  } catch (const std::exception&) {  // nothing listens there now
    if (person.entering != nullptr) leave(person, *person.entering, now);
    person.next_login = now + milliseconds{random(50, 400)};
  }
}

// By token, by password, or by password with a takeover.
Json Crowd::login_of(Person& person) {
  const std::string& password = person.account.password;
  if (person.account.id == 0) {
    return {{"msgid", 4}, {"name", person.account.name}, {"password", password}};
  }
  Json request = {{"msgid", kLogin}, {"ack", true}};
  // With an older session open, waiting would never end.
  if (!person.sessions.empty()) person.waits_its_turn = false;
  if (person.sessions.empty() && random(0, 9) < 4) person.waits_its_turn = true;
  const bool may_be_gone = person.asked_to_delete;
  if (!person.token.empty() && !person.waits_its_turn && !may_be_gone && random(0, 3) != 0) {
    request["token"] = person.token;
    return request;
  }
  const bool tries_new = !person.new_password.empty() && random(0, 1) == 0;
  request["id"] = person.account.id;
  request["password"] = tries_new ? person.new_password : password;
  if (!person.waits_its_turn) request["takeover"] = true;
  return request;
}

// Favoured actions come first. In calm rounds people write less, but move and use groups more.
int Crowd::throw_dice(const Person& person) {
  for (const Favourite& favourite : kFavourites) {
    const bool is_favoured = std::ranges::find(favoured_, favourite.write) != favoured_.end();
    if (!is_favoured || favourite.of_mortals != person.mortal) continue;
    if (random(0, 3) == 0) return random(favourite.first, favourite.last);
  }
  if (calm_ && person.restless && random(0, 2) != 0) return random(kFirstMove, kLastMove);
  if (calm_ && random(0, 4) == 0) return random(kFirstOfGroups, kLastOfGroups);
  return random(0, 199);
}

void Crowd::act(Person& person, Time now) {
  while (person.burst_left > 0 && person.outbox.size() < kOutboxMost) {
    const auto before = person.outbox.size();
    write(person, person.burst_to, now);
    if (person.outbox.size() == before) break;
    --person.burst_left;
  }
  if (now < person.next_action) return;
  person.next_action = now + milliseconds{calm_ ? random(200, 1'000) : random(40, 260)};
  const std::int64_t self = person.account.id;
  const Stream direct{false, random_reader().account.id, self};
  const int dice = throw_dice(person);
  if (person.mortal && act_as_mortal(person, dice, now)) return;
  // A login in flight might restore the token that a logout revokes.
  if (dice >= 170 && dice <= kLastMove && person.entering != nullptr) return;
  live(person, now);
  revise(person);
  const bool moves = dice >= kFirstMove && dice <= kLastMove;
  if (moves && !person.restless && random(0, kStaysPut) != 0) return;
  if (dice < 120) {
    if (direct.target != self) write(person, direct, now);
  } else if (const auto club = dice < 160 ? random_club(person) : std::nullopt) {
    write(person, {true, *club, 0}, now);
    if (random(0, 3) == 0) {
      person.burst_to = {true, *club, 0};
      person.burst_left = random(2, kBurst / 3);
    }
  } else if (dice < 160) {
    if (const auto group = random_group(person, true)) write(person, {true, *group, 0}, now);
  } else if (dice < 170) {
    if (person.entering == nullptr) log_in(person, now);
  } else if (dice < 175) {
    log_out(person, now);
    person.rests_until = now + milliseconds{random(0, 2'000)};
  } else if (dice < 178) {
    log_out(person, now);
    person.rests_until = now + milliseconds{random(2'000, 15'000)};
  } else if (dice <= kLastMove) {
    if (random(0, 1) == 0) person.current->client->reset();
    leave(person, *person.current, now);
  } else if (dice < 192) {
    if (const auto group = random_group(person, false)) person.wanted_groups.insert(*group);
  } else if (dice <= kLastOfGroups) {
    const bool makes_one = groups_.size() < kGroupsMost && random(0, 1) == 0;
    if (makes_one && person.wanted_creation.empty()) {
      person.wanted_creation = "g" + std::to_string(++cids_) + " " + std::to_string(self);
    }
  } else if (direct.target != self) {
    person.burst_to = direct;
    person.burst_left = random(2, kBurst);
  }
}

// True if it has acted, or skips the usual actions.
bool Crowd::act_as_mortal(Person& person, int dice, Time now) {
  const bool is_settled = !person.asked_to_delete && person.new_password.empty();
  if (dice >= kFirstPassword && is_settled && person.entering == nullptr) {
    if (dice <= kLastPassword) {
      person.new_password = "secret " + std::to_string(++cids_);
      person.password_on = 0;
    } else {
      person.asked_to_delete = true;
      clubs_.may_be_erased(person.account.id);
    }
    person.next_ask = now;
  }
  return dice >= kFirstPassword;
}

const Crowd::Person& Crowd::random_reader() {
  return *std::next(people_.begin(), random(0, readers() - 1));
}

void Crowd::write(Person& person, const Stream& to, Time now) {
  if (person.outbox.size() >= kOutboxMost) return;
  std::int64_t& sent = person.sent_to[to];
  for (const Outgoing& message : person.outbox) {
    if (judge_.message(message.number).stream == to && sent - message.place > kAheadMost) return;
  }
  Outgoing message;
  message.number =
      judge_.sent(person.account.id, to.group, to.target, now, draw_additions(person, to));
  message.place = ++sent;
  message.resend = random(0, 9) != 0;
  message.at = now;
  person.outbox.push_back(message);
}

void Crowd::send_outbox(Person& person, Time now) {
  Session& session = *person.current;
  for (Outgoing& message : person.outbox) {
    if (message.on != nullptr || message.at > now) continue;
    const Stream& to = judge_.message(message.number).stream;
    const std::string text = judge_.text_of(message.number);
    const std::string cid = judge_.cid_of(message.number);
    const bool to_club = to.group && clubs_.holds(to.target);
    judge_.wired(message.number, now, to_club ? clubs_.head(to.target) : 0);
    message.on = &session;
    message.at = now;
    Json request = to.group ? group_chat_request(person.account, to.target, text, cid)
                            : chat_request(person.account, to.target, text, cid);
    request.update(judge_.message(message.number).more);
    send(session, request, now);
  }
  if (session.requests.empty() && now >= person.next_ask) ask_again(person, now);
}

// Repeats unanswered requests.
void Crowd::ask_again(Person& person, Time now) {
  Session& session = *person.current;
  const Account& self = person.account;
  if (person.asked_to_delete) {
    ask(session, {Ask::kDelete}, {{"msgid", 27}, {"password", self.password}}, now);
  } else if (!person.new_password.empty()) {
    const std::string& wanted = person.new_password;
    if (session.asked_password != wanted) ++person.password_on;
    session.asked_password = wanted;
    ask(session, {Ask::kPassword, 0, now, wanted},
        {{"msgid", 26}, {"password", self.password}, {"new_password", wanted}}, now);
  } else if (person.life && (!person.revision || random(0, 1) == 0)) {
    ask_life(person, now);
  } else if (person.revision) {
    ask_revision(person, now);
  } else if (!person.wanted_groups.empty()) {
    const std::int64_t group = *person.wanted_groups.begin();
    judge_.asked_to_join(self.id, group, now);
    ask(session, {Ask::kJoin, group}, join_group_request(self, group), now);
  } else if (person.creation_exists) {
    ask(session, {Ask::kFindCreated, 0, now, person.wanted_creation},
        {{"msgid", 31}, {"kind", "groups"}}, now);
  } else if (!person.wanted_creation.empty()) {
    ask(session, {Ask::kCreate, 0, now, person.wanted_creation},
        create_group_request(self, person.wanted_creation, "d"), now);
  }
}

void Crowd::log_out(Person& person, Time now) {
  Session& session = *person.current;
  person.token.clear();
  ask(session, {Ask::kLogout}, logout_request(person.account), now);
  person.current = nullptr;  // still read until the answer or the end
  person.absent_since = now;
  std::erase_if(person.outbox, [&](const Outgoing& message) { return !message.resend; });
  for (Outgoing& message : person.outbox) message.on = nullptr;
}

void Crowd::ask(Session& session, Request request, Json json, Time now) {
  const bool repeats = request.what == Ask::kLife || request.what == Ask::kRevise;
  const std::string cid = repeats ? request.wanted : "r" + std::to_string(++cids_);
  json["cid"] = cid;
  request.sent_at = now;
  session.requests[cid] = std::move(request);
  send(session, json, now);
}

// Not recorded as secrets: the judge's texts are none.
void Crowd::send(Session& session, const Json& json, Time now) {
  session.spoke_at = now;
  session.client->send_raw(json.dump() + "\n");
}

// Some join immediately: a group is most useful to the judge while its founder's session is recent.
void Crowd::new_group(std::int64_t group) {
  if (std::ranges::find(groups_, group) == groups_.end()) groups_.push_back(group);
  if (quiet_) return;
  for (int i = 0; i < kGuests; ++i) {
    Person& guest = *std::next(people_.begin(), random(0, readers() - 1));
    if (!judge_.is_member(guest.account.id, group)) guest.wanted_groups.insert(group);
  }
}

// Sends a greeting, which all members must get.
void Crowd::joined(Person& person, std::int64_t group, Time now) {
  judge_.joined(person.account.id, group, now);
  freshest_group_ = group;
  if (!quiet_) write(person, {true, group, 0}, now);
}

std::optional<std::int64_t> Crowd::random_group(const Person& person, bool member) {
  if (groups_.empty()) return std::nullopt;
  // New members must get the messages of a group.
  const bool freshest = freshest_group_ != 0 && random(0, 1) == 0;
  const std::int64_t group =
      freshest ? freshest_group_
               : groups_[static_cast<std::size_t>(random(0, static_cast<int>(groups_.size()) - 1))];
  if (judge_.is_member(person.account.id, group) != member) return std::nullopt;
  return group;
}

}  // namespace chat::test::nemesis

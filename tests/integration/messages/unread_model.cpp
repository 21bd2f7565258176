#include "integration/messages/unread_model.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "support/clients/expect.h"
#include "support/deadline.h"

namespace chat::test {
namespace {

constexpr std::size_t kPeople = 5;
constexpr std::size_t kGroups = 2;

Json place_of(bool group, std::int64_t id) {
  return {{group ? "groupid" : "with", id}};
}

// Rows that INBOX counts: no events.
bool counts(const Json& message) {
  return message.value("kind", "file") == "file";
}

bool mentions(const Json& message, std::int64_t user) {
  if (message.value("at_all", false)) return true;
  const Json at = message.value("at", Json::array());
  return std::find(at.begin(), at.end(), user) != at.end();
}

}  // namespace

UnreadModel::UnreadModel(std::function<ServerProcess&(std::size_t)> node, std::size_t nodes,
                         const TestStorage& storage, std::uint64_t seed)
    : node_(std::move(node)), nodes_(nodes), storage_(storage), seed_(seed), random_(seed) {
  for (std::size_t i = 0; i < kPeople; ++i) {
    Person& person = people_.emplace_back();
    person.account = register_account(node_(0).port(), "person" + std::to_string(i));
    log_in_on(person, i % nodes_);
  }
  for (std::size_t i = 0; i < kGroups; ++i) {
    Group& group = groups_.emplace_back();
    group.creator = i;
    group.id = people_[i].user->create_group("group" + std::to_string(i));
    group.members = {i};
  }
}

int UnreadModel::steps_to_run(int usual) {
  const char* given = std::getenv("CHAT_TEST_UNREAD_STEPS");
  return given == nullptr ? usual : std::atoi(given);
}

void UnreadModel::run(int steps) {
  for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
    step();
    SCOPED_TRACE(fmt::format("seed {}, step {}: {}", seed_, i, last_step_));
    check();
  }
}

void UnreadModel::step() {
  const std::size_t chance = random(100);
  if (chance < 32) return write_to_user();
  if (chance < 55) return write_to_group();
  if (chance < 63) return recall_or_edit();
  if (chance < 84) return read_something();
  if (chance < 91) return join_or_leave();
  if (chance < 94) return block_or_unblock();
  if (chance < 97) return log_in_elsewhere();
  if (chance < 99) return write_burst();
  restart(random(3) != 0);
}

void UnreadModel::write_to_user() {
  Person& from = anybody();
  const Person& to = anybody();
  last_step_ = from.account.name + " writes to " + to.account.name;
  const Json reply = ask(from, chat_request(from.account, to.account.id, std::to_string(++texts_)));
  EXPECT_TRUE(reply.at("errno") == 0 || reply.at("errno") == errors::kNotAllowed.number) << reply;
}

void UnreadModel::write_to_group() {
  const Group& group = groups_[random(kGroups)];
  auto member = group.members.begin();
  std::advance(member, static_cast<std::ptrdiff_t>(random(group.members.size())));
  auto named = group.members.begin();
  std::advance(named, static_cast<std::ptrdiff_t>(random(group.members.size())));
  Person& from = people_[*member];
  last_step_ = fmt::format("{} writes to group {}", from.account.name, group.id);
  Json request = group_chat_request(from.account, group.id, std::to_string(++texts_));
  if (random(2) == 0) request["at"] = {people_[*named].account.id};
  EXPECT_EQ(ask(from, request).at("errno"), 0);
}

// HISTORY shows the effect.
void UnreadModel::recall_or_edit() {
  const std::size_t index = random(people_.size());
  Person& person = people_[index];
  const bool in_group = random(2) == 0;
  const Group& group = groups_[random(kGroups)];
  const Place place{in_group, in_group ? group.id : anybody().account.id};
  last_step_ = fmt::format("{} recalls or edits in {} {}", person.account.name,
                           in_group ? "group" : "the chat with", place.second);
  if (in_group && !group.members.contains(index)) return;
  std::vector<std::int64_t> own;
  for (const Json& message : history(person, place)) {
    if (counts(message) && message.at("id") == person.account.id) own.push_back(message.at("seq"));
  }
  if (own.empty()) return;
  Json request{{"msgid", 50},
               {in_group ? "groupid" : "toid", place.second},
               {"seq", own[random(own.size())]}};
  if (random(2) == 0) request.update({{"msgid", 51}, {"msg", std::to_string(++texts_)}});
  const Json reply = ask(person, request);
  EXPECT_TRUE(reply.at("errno") == 0 || reply.at("errno") == errors::kNotAllowed.number) << reply;
}

// The positions that follow from these messages are not in the table when the server dies.
void UnreadModel::write_burst() {
  for (int i = 0; i < 6; ++i) {
    write_to_user();
    write_to_group();
  }
  restart(true);
  last_step_ = "a burst, and a kill";
}

void UnreadModel::read_something() {
  const std::size_t index = random(people_.size());
  Person& person = people_[index];
  const bool in_group = random(2) == 0;
  const Group& group = groups_[random(kGroups)];
  const Place place{in_group, in_group ? group.id : anybody().account.id};
  last_step_ =
      fmt::format("{} reads {} {}", person.account.name, in_group ? "group" : "user", place.second);
  if (in_group && !group.members.contains(index)) return;
  std::vector<std::int64_t> seqs;
  for (const Json& message : history(person, place)) {
    if (in_group || message.at("id") == place.second) seqs.push_back(message.at("seq"));
  }
  if (seqs.empty()) return;
  const std::int64_t seq = seqs[random(seqs.size())];
  const Json request{{"msgid", 23}, {in_group ? "groupid" : "from", place.second}, {"seq", seq}};
  // It is refused until the message is pushed. The answer to PING comes after the refusal.
  EXPECT_TRUE(wait_until([&] {
    while (person.user->client.waiting() > 0) (void)person.user->client.receive();
    person.user->client.send(request);
    person.user->client.send({{"msgid", 21}});
    bool refused = false;
    for (;;) {
      const Json frame = person.user->client.receive();
      refused = refused || frame.at("msgid") == 123;
      if (frame.at("msgid") == 121) return !refused;
    }
  })) << request;
  std::int64_t& read = person.read[place];
  read = std::max(read, seq);
}

void UnreadModel::join_or_leave() {
  Group& group = groups_[random(kGroups)];
  const std::size_t index = random(people_.size());
  Person& person = people_[index];
  const bool leaves = group.members.contains(index);
  last_step_ =
      fmt::format("{} {} group {}", person.account.name, leaves ? "leaves" : "joins", group.id);
  if (leaves && index == group.creator) return;
  if (leaves) {
    group.members.erase(index);
    EXPECT_EQ(ask(person, {{"msgid", 40}, {"groupid", group.id}}).at("errno"), 0);
  } else {
    group.members.insert(index);
    EXPECT_EQ(ask(person, join_group_request(person.account, group.id)).at("errno"), 0);
  }
}

void UnreadModel::block_or_unblock() {
  const std::size_t one = random(people_.size());
  const std::size_t other = random(people_.size());
  last_step_ = fmt::format("person{} (un)blocks person{}", one, other);
  if (one == other) return;
  const bool blocked = blocks_.insert({one, other}).second;
  if (!blocked) blocks_.erase({one, other});
  const Json request{{"msgid", 34}, {"userid", people_[other].account.id}, {"blocked", blocked}};
  EXPECT_EQ(ask(people_[one], request).at("errno"), 0);
}

void UnreadModel::log_in_elsewhere() {
  Person& person = anybody();
  last_step_ = person.account.name + " logs in again";
  wait_until_reads_are_stored(person);
  log_in_on(person, random(nodes_));
}

void UnreadModel::restart(bool kill) {
  const std::size_t index = random(nodes_);
  last_step_ = fmt::format("node {} is {}", index, kill ? "killed" : "restarted");
  for (const Person& person : people_) {
    if (person.node == index) wait_until_reads_are_stored(person);
  }
  if (kill) {
    node_(index).kill9();
  } else {
    node_(index).terminate();
  }
  node_(index).start();
  for (Person& person : people_) {
    if (person.node == index) log_in_on(person, random(nodes_));
  }
}

void UnreadModel::check() {
  for (Person& person : people_) check(person);
}

void UnreadModel::check(Person& person) {
  SCOPED_TRACE(person.account.name);
  auto expected = recount(person);
  std::int64_t newest = 0;
  for (const Json& item : inbox(person)) {
    const bool group = item.contains("groupid");
    const Place place{group, item.at(group ? "groupid" : "with")};
    const auto found = expected.find(place);
    ASSERT_NE(found, expected.end()) << item;
    EXPECT_EQ(item.at("last"), found->second.last);
    EXPECT_EQ(item.at("unread"), found->second.unread) << item;
    EXPECT_EQ(item.at("mentions"), found->second.mentions) << item;
    const std::int64_t ts = item.at("last").at("ts");
    EXPECT_TRUE(newest == 0 || ts <= newest) << item;
    newest = ts;
    expected.erase(found);
  }
  for (const auto& [place, missing] : expected) ADD_FAILURE() << "not listed: " << missing.last;
}

std::map<UnreadModel::Place, UnreadModel::Counted> UnreadModel::recount(Person& person) {
  std::vector<Place> places;
  for (const Person& other : people_) places.push_back({false, other.account.id});
  const auto index = static_cast<std::size_t>(&person - people_.data());
  for (const Group& group : groups_) {
    if (group.members.contains(index)) places.push_back({true, group.id});
  }
  std::map<Place, Counted> all;
  for (const Place& place : places) {
    Counted counted = count(person, place, history(person, place));
    if (!counted.last.is_null()) all.emplace(place, std::move(counted));
  }
  return all;
}

UnreadModel::Counted UnreadModel::count(const Person& person, Place place,
                                        const std::vector<Json>& history) {
  const auto read = person.read.find(place);
  const std::int64_t position = read == person.read.end() ? 0 : read->second;
  Counted counted;
  for (const Json& message : history) {
    if (!counts(message)) continue;
    counted.last = message;
    if (message.at("id") == person.account.id) {
      counted.unread = 0;
      counted.mentions = 0;
    } else if (message.at("seq") > position) {
      ++counted.unread;
      if (mentions(message, person.account.id)) ++counted.mentions;
    }
  }
  return counted;
}

// Oldest first.
std::vector<Json> UnreadModel::history(Person& person, Place place) {
  std::vector<Json> all;
  Json request{{"msgid", 25}, {"limit", 100}};
  request.update(place_of(place.first, place.second));
  for (;;) {
    const Json reply = ask(person, request);
    if (reply.at("errno") != 0) return {};  // never in the group
    const auto page = reply.at("messages").get<std::vector<Json>>();
    all.insert(all.begin(), page.begin(), page.end());
    if (!reply.contains("cursor")) return all;
    request["cursor"] = reply.at("cursor");
  }
}

std::vector<Json> UnreadModel::inbox(Person& person) {
  std::vector<Json> all;
  Json request{{"msgid", 54}, {"limit", 3}};
  for (;;) {
    const Json reply = ask(person, request);
    EXPECT_EQ(reply.at("errno"), 0) << reply;
    for (const Json& item : reply.at("conversations")) all.push_back(item);
    if (!reply.contains("cursor")) return all;
    request["cursor"] = reply.at("cursor");
  }
}

Json UnreadModel::ask(Person& person, const Json& request) {
  RawClient& client = person.user->client;
  while (client.waiting() > 0) (void)client.receive();
  return request_patiently(client, request);
}

void UnreadModel::log_in_on(Person& person, std::size_t node) {
  person.node = node;
  person.user.reset();
  person.user = std::make_unique<User>(
      log_in(node_(node).port(), person.account, Wire::kText, {{"takeover", true}, {"ack", true}}));
}

// READ has no reply, so a crash may lose one.
void UnreadModel::wait_until_reads_are_stored(const Person& person) {
  for (const auto& [place, seq] : person.read) {
    const std::string sql =
        place.first ? fmt::format(
                          "SELECT COUNT(*) FROM groupuser WHERE groupid = {} AND userid = {}"
                          " AND read_seq < {} AND joined_seq < {}",
                          place.second, person.account.id, seq, seq)
                    : fmt::format(
                          "SELECT COUNT(*) FROM directcursor WHERE recipient = {} AND sender = {}"
                          " AND read_seq < {}",
                          person.account.id, place.second, seq);
    EXPECT_TRUE(wait_until([&] { return storage_.number(sql) == 0; })) << sql;
  }
}

std::size_t UnreadModel::random(std::size_t below) {
  return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
}

}  // namespace chat::test

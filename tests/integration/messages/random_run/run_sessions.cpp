// The connections of the people of the random run, and the servers that are killed under them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "integration/messages/random_run/conversation_run.h"
#include "support/deadline.h"

namespace chat::test {
namespace {

constexpr std::size_t kInFlightMost = 12;
constexpr std::size_t kMoveAtOnceMost = 3;

std::string unstored_read(bool group, std::int64_t id, std::int64_t user, std::int64_t seq) {
  if (group) {
    return fmt::format(
        "(groupid = {} AND userid = {} AND read_seq < {} AND joined_seq < {} AND left_seq = 0)", id,
        user, seq, seq);
  }
  return fmt::format("(recipient = {} AND sender = {} AND read_seq < {})", user, id, seq);
}

}  // namespace

// Repeats what is refused for the moment.
Json ConversationRun::ask(Person& person, const Json& request) {
  take_waiting(person);
  if (random(4) == 0) confirm(person);
  return request_patiently(person.user->client, request);
}

void ConversationRun::take_waiting(Person& person) {
  while (person.user->client.waiting() > 0) take(person, person.user->client.receive());
}

void ConversationRun::take(Person& person, const Json& frame) {
  const int msgid = frame.at("msgid");
  EXPECT_TRUE(msgid != 122 && msgid != 100) << frame;
  if (msgid != 6 && msgid != 10) return;
  person.view->take(frame);
  const bool group = msgid == 10;
  std::int64_t& seq = person.unconfirmed[{group, frame.at(group ? "groupid" : "id")}];
  seq = std::max(seq, frame.at("seq").get<std::int64_t>());
}

void ConversationRun::confirm(Person& person) {
  for (const auto& [place, seq] : std::exchange(person.unconfirmed, {})) {
    const auto& [group, id] = place;
    person.user->client.send(group ? group_delivered_request(id, seq) : delivered_request(id, seq));
  }
}

ConversationRun::Person& ConversationRun::actor(std::size_t index) {
  if (!people_[index].user) log_in_on(index, random(nodes_));
  return people_[index];
}

// Ends the older session, if there is one.
void ConversationRun::log_in_on(std::size_t index, std::size_t node) {
  Person& person = people_[index];
  person.node = node;
  User user{person.account, RawClient(node_(node).port()), {}};
  user.client.keep_notices();
  user.welcome =
      request_ok(user.client, login_request(person.account, {{"takeover", true}, {"ack", true}}));
  leave_session(person);
  person.user = std::make_unique<User>(std::move(user));
  for (const Json& message : person.user->welcome.at("offlinemsg")) take(person, message);
  touched_.insert(index);
}

// What has arrived is shown.
void ConversationRun::leave_session(Person& person) {
  if (person.user) take_waiting(person);
  person.unconfirmed.clear();
  person.user.reset();
}

void ConversationRun::log_in_elsewhere() {
  const std::size_t index = anybody();
  const std::size_t node = random(nodes_);
  note(fmt::format("{} logs in again, on node {}", people_[index].account.name, node));
  wait_until_reads_are_stored({index});
  log_in_on(index, node);
}

void ConversationRun::log_out() {
  const std::size_t index = anybody();
  Person& person = people_[index];
  note(person.account.name + " logs out");
  if (!person.user) return;
  wait_until_reads_are_stored({index});
  if (random(2) == 0) {
    EXPECT_EQ(ask(person, logout_request(person.account)).at("errno"), 0);
  }
  leave_session(person);
}

std::vector<std::size_t> ConversationRun::people_on(std::size_t node) const {
  std::vector<std::size_t> people;
  for (std::size_t i = 0; i < people_.size(); ++i) {
    if (people_[i].user && people_[i].node == node) people.push_back(i);
  }
  return people;
}

void ConversationRun::restart(bool kill) {
  const std::size_t node = random(nodes_);
  note(fmt::format("node {} is {}", node, kill ? "killed" : "restarted"));
  const std::vector<std::size_t> people = people_on(node);
  wait_until_reads_are_stored(people);
  stop(node, kill);
  for (const std::size_t index : people) leave_session(people_[index]);
  start_and_log_in(node, people);
}

void ConversationRun::stop(std::size_t node, bool kill) {
  ++restarts_;
  if (kill) return node_(node).kill9();
  node_(node).terminate();
}

// Some log in elsewhere before the server is back.
void ConversationRun::start_and_log_in(std::size_t node, const std::vector<std::size_t>& people) {
  const std::size_t at_once = nodes_ > 1 ? random(kMoveAtOnceMost + 1) : 0;
  for (std::size_t i = 0; i < std::min(at_once, people.size()); ++i) {
    log_in_on(people[i], (node + 1) % nodes_);
  }
  node_(node).start();
  for (const std::size_t index : people) {
    if (!people_[index].user) log_in_on(index, random(nodes_));
  }
}

// The positions that follow from these messages are not in the table when the server dies.
void ConversationRun::write_burst() {
  for (int i = 0; i < 6; ++i) {
    write_to_user();
    write_to_group();
  }
  restart(true);
  note("a burst, and a kill");
}

// Messages, recalls and edits are on their way when the server dies, and are sent again afterwards.
void ConversationRun::kill_in_flight() {
  const std::size_t node = random(nodes_);
  const std::vector<std::size_t> people = people_on(node);
  note(fmt::format("node {} is killed with requests in flight", node));
  if (people.empty()) return;
  wait_until_reads_are_stored(people);
  std::vector<Unanswered> requests = draw_requests(people);
  for (const Unanswered& one : requests) people_[one.person].user->client.send(one.request);
  const std::size_t answered = random(requests.size() + 1);
  for (std::size_t i = 0; i < answered; ++i) {
    const auto& [person, request] = requests[i];
    take_reply(person, request, people_[person].user->client.reply(request));
  }
  requests.erase(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(answered));
  stop(node, true);
  for (const std::size_t index : people) {
    RawClient& client = people_[index].user->client;
    while (client.take_in(kPatience)) {
    }
    EXPECT_TRUE(client.ended());
  }
  std::erase_if(requests, [this](const Unanswered& one) {
    RawClient& client = people_[one.person].user->client;
    Json reply;
    try {
      reply = client.reply(one.request);
    } catch (const ConnectionEnded&) {
      return false;
    }
    take_reply(one.person, one.request, reply);
    return true;
  });
  for (const std::size_t index : people) leave_session(people_[index]);
  start_and_log_in(node, people);
  for (const auto& [person, request] : requests) {
    take_reply(person, request, ask(people_[person], request));
  }
  note(fmt::format("{} of them are sent again", requests.size()));
}

// With cids. Each changes another message, so that a repetition is answered as the first.
std::vector<ConversationRun::Unanswered> ConversationRun::draw_requests(
    const std::vector<std::size_t>& people) {
  std::vector<Unanswered> requests;
  std::set<std::pair<Place, std::int64_t>> revised;
  const std::size_t count = 1 + random(kInFlightMost);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = people[random(people.size())];
    const Place place = draw_place(index);
    std::optional<Json> request;
    if (random(3) == 0) {
      request = draw_revision(index, place, false);
      if (!request || !revised.emplace(place, request->at("seq")).second) continue;
      (*request)["cid"] = next_text();
    } else {
      request = draw_write(index, place);
    }
    requests.push_back({index, *request});
  }
  return requests;
}

// READ has no reply, so the end of a session or a crash may lose one.
void ConversationRun::wait_until_reads_are_stored(const std::vector<std::size_t>& people) {
  std::string in_groups = "0 = 1";
  std::string direct = "0 = 1";
  for (const std::size_t index : people) {
    Person& person = people_[index];
    for (const Place& place : std::exchange(person.unstored_reads, {})) {
      (place.first ? in_groups : direct) +=
          " OR " + unstored_read(place.first, place.second, person.id(), person.read.at(place));
    }
  }
  const std::string sql = "SELECT (SELECT COUNT(*) FROM groupuser WHERE " + in_groups +
                          ") + (SELECT COUNT(*) FROM directcursor WHERE " + direct + ")";
  EXPECT_TRUE(wait_until([&] { return storage_.number(sql) == 0; })) << sql;
}

}  // namespace chat::test

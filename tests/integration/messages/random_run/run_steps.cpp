// What the people of the random run do.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "integration/messages/random_run/conversation_run.h"
#include "support/clients/expect.h"
#include "support/deadline.h"

namespace chat::test {
namespace {

constexpr std::size_t kNewest = 8;  // of which most replies, recalls and edits are

std::size_t random_of_newest(std::size_t size, std::size_t dice, bool any) {
  const std::size_t from = any || size <= kNewest ? 0 : size - kNewest;
  return from + dice % (size - from);
}

Place target_of(const Json& request) {
  const bool group = request.contains("groupid");
  return {group, request.at(group ? "groupid" : "toid")};
}

}  // namespace

void ConversationRun::step() {
  const std::size_t chance = random(1000);
  if (chance < 280) return write_to_user();
  if (chance < 520) return write_to_group();
  if (chance < 650) return recall_or_edit();
  if (chance < 810) return read_something();
  if (chance < 870) return join_or_leave();
  if (chance < 900) return block_or_unblock();
  if (chance < 940) return log_in_elsewhere();
  if (chance < 984) return log_out();
  if (chance < 988) return write_burst();
  if (chance < 992) return restart(random(3) != 0);
  kill_in_flight();
}

// A group that the user is in, or a user.
Place ConversationRun::draw_place(std::size_t index) {
  const Group& group = groups_[random(groups_.size())];
  const std::size_t other = anybody();
  if (random(2) == 0 && group.members.contains(index)) return {true, group.id};
  return {false, people_[other].id()};
}

void ConversationRun::write_to_user() {
  const std::size_t index = anybody();
  write(index, draw_write(index, {false, people_[anybody()].id()}));
}

void ConversationRun::write_to_group() {
  const Group& group = groups_[random(groups_.size())];
  auto member = group.members.begin();
  std::advance(member, static_cast<std::ptrdiff_t>(random(group.members.size())));
  write(*member, draw_write(*member, {true, group.id}));
}

Json ConversationRun::draw_write(std::size_t index, Place place) {
  Person& from = actor(index);
  const std::string text = next_text();
  Json request = place.first ? group_chat_request(from.account, place.second, text, text)
                             : chat_request(from.account, place.second, text, text);
  if (place.first) add_mentions(from, group_of(place.second), request);
  if (random(5) == 0) add_reply(from, place, request);
  return request;
}

void ConversationRun::add_mentions(Person& from, const Group& group, Json& request) {
  if (random(2) != 0) return;
  std::set<std::int64_t> at;
  for (const std::size_t member : group.members) {
    if (random(4) == 0) at.insert(people_[member].id());
  }
  if (!at.empty()) request["at"] = at;
  if (group.creator == index_of(from.id()) && random(3) == 0) request["at_all"] = true;
}

void ConversationRun::add_reply(Person& from, Place place, Json& request) {
  std::vector<const Json*> texts;
  for (const Json& row : history(from, place).rows()) {
    if (counts(row)) texts.push_back(&row);
  }
  const std::size_t dice = random(1000);
  if (texts.empty()) return;
  const Json& row = *texts[random_of_newest(texts.size(), dice, dice % 4 == 0)];
  request["reply"] =
      place.first ? row.at("seq") : Json{{"id", row.at("id")}, {"seq", row.at("seq")}};
}

void ConversationRun::write(std::size_t index, const Json& request) {
  const auto& [group, id] = target_of(request);
  note(
      fmt::format("{} writes to {} {}", people_[index].account.name, group ? "group" : "user", id));
  Person& from = actor(index);
  take_waiting(from);
  // Once a minute.
  const bool repeats = !request.contains("at_all");
  const Json reply = repeats ? ask(from, request) : from.user->client.request(request);
  take_reply(index, request, reply);
}

void ConversationRun::take_reply(std::size_t index, const Json& request, const Json& reply) {
  touch_all_in(index, target_of(request));
  const int code = reply.at("errno");
  const bool limited = request.contains("at_all") && code == errors::kRateLimited.number;
  EXPECT_TRUE(code == 0 || code == errors::kNotAllowed.number || limited) << request << reply;
  if (code != 0) return;
  ClientView& view = *people_[index].view;
  if (request.at("msgid") == 6 || request.at("msgid") == 10) return view.sent(request, reply);
  view.revised(request, reply);
}

void ConversationRun::recall_or_edit() {
  const std::size_t index = anybody();
  Person& person = actor(index);
  const Place place = draw_place(index);
  note(fmt::format("{} recalls or edits in {} {}", person.account.name,
                   place.first ? "group" : "the chat with", place.second));
  const auto request = draw_revision(index, place, true);
  if (!request) return;
  const Json reply = ask(person, *request);
  steps_.back() += fmt::format(": {} -> {}", request->dump(), reply.dump());
  take_reply(index, *request, reply);
}

// A creator recalls messages of others, too.
std::optional<Json> ConversationRun::draw_revision(std::size_t index, Place place, bool of_others) {
  Person& person = actor(index);
  const bool everybody =
      of_others && place.first && group_of(place.second).creator == index && random(2) == 0;
  std::vector<std::int64_t> seqs;
  for (const Json& row : history(person, place).rows()) {
    if (counts(row) && (everybody || row.at("id") == person.id())) seqs.push_back(row.at("seq"));
  }
  const std::size_t dice = random(1000);
  if (seqs.empty()) return std::nullopt;
  Json request{{"msgid", 50},
               {place.first ? "groupid" : "toid", place.second},
               {"seq", seqs[random_of_newest(seqs.size(), dice, dice % 4 == 0)]}};
  if (!everybody && random(5) < 3) request.update({{"msgid", 51}, {"msg", next_text()}});
  return request;
}

void ConversationRun::read_something() {
  const std::size_t index = anybody();
  Person& person = actor(index);
  const Place place = draw_place(index);
  const auto& [group, id] = place;
  note(fmt::format("{} reads {} {}", person.account.name, group ? "group" : "user", id));
  std::vector<std::int64_t> seqs;
  for (const Json& row : history(person, place).rows()) {
    if (group || row.at("id") == id) seqs.push_back(row.at("seq"));
  }
  if (seqs.empty()) return;
  const std::int64_t seq = seqs[random_of_newest(seqs.size(), random(1000), random(3) == 0)];
  const Json request{{"msgid", 23}, {group ? "groupid" : "from", id}, {"seq", seq}};
  // It is refused until the message is pushed. The answer to PING comes after the refusal.
  EXPECT_TRUE(wait_until([&] {
    take_waiting(person);
    person.user->client.send(request);
    person.user->client.send({{"msgid", 21}});
    bool refused = false;
    for (;;) {
      const Json frame = person.user->client.receive();
      refused = refused || frame.at("msgid") == 123;
      if (frame.at("msgid") == 121) return !refused;
      take(person, frame);
    }
  })) << request;
  std::int64_t& read = person.read[place];
  read = std::max(read, seq);
  person.unstored_reads.insert(place);
  touched_.insert(index);
}

void ConversationRun::join_or_leave() {
  Group& group = groups_[random(groups_.size())];
  const std::size_t index = anybody();
  Person& person = actor(index);
  const Place place{true, group.id};
  const bool leaves = group.members.contains(index);
  note(fmt::format("{} {} group {}", person.account.name, leaves ? "leaves" : "joins", group.id));
  if (leaves && index == group.creator) return;
  touch_all_in(index, place);
  if (leaves) {
    group.members.erase(index);
    EXPECT_EQ(ask(person, {{"msgid", 40}, {"groupid", group.id}}).at("errno"), 0);
  } else {
    group.members.insert(index);
    if (const auto copy = person.history.find(place); copy != person.history.end()) {
      copy->second.forget();
    }
    EXPECT_EQ(ask(person, join_group_request(person.account, group.id)).at("errno"), 0);
  }
}

void ConversationRun::block_or_unblock() {
  const std::size_t one = anybody();
  const std::size_t other = anybody();
  note(fmt::format("person{} (un)blocks person{}", one, other));
  if (one == other) return;
  const bool blocked = blocks_.insert({one, other}).second;
  if (!blocked) blocks_.erase({one, other});
  const Json request{{"msgid", 34}, {"userid", people_[other].id()}, {"blocked", blocked}};
  EXPECT_EQ(ask(actor(one), request).at("errno"), 0);
  touched_.insert({one, other});
}

}  // namespace chat::test

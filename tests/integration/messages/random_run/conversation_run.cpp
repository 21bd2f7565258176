#include "integration/messages/random_run/conversation_run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "support/clients/expect.h"
#include "support/deadline.h"

namespace chat::test {
namespace {

constexpr std::size_t kPeople = 20;
constexpr std::size_t kGroups = 4;
constexpr std::size_t kFirstMembers = 5;
constexpr std::size_t kStepsShown = 25;

// No message may be stored twice, nor recalled twice, nor edited twice to the same text.
std::string stored_twice(const Rows& rows) {
  std::set<std::pair<std::int64_t, std::string>> stored;
  for (const Json& row : rows) {
    const std::string kind = row.value("kind", "");
    const std::string of = row.contains("ref") ? " of " + row.at("ref").dump() : "";
    const std::string text = kind == "edit" ? row.at("msg").get<std::string>() : "";
    bool is_new = stored.emplace(row.at("id"), "cid " + row.at("cid").get<std::string>()).second;
    if (kind == "recall" || !text.empty()) {
      is_new = is_new && stored.emplace(row.at("id"), kind + of + text).second;
    }
    if (!is_new) return row.dump();
  }
  return "";
}

}  // namespace

ConversationRun::ConversationRun(std::function<ServerProcess&(std::size_t)> node, std::size_t nodes,
                                 const TestStorage& storage, std::uint64_t seed)
    : node_(std::move(node)), nodes_(nodes), storage_(storage), seed_(seed), random_(seed) {
  for (std::size_t i = 0; i < kPeople; ++i) {
    Person& person = people_.emplace_back();
    person.account = register_account(node_(0).port(), "person" + std::to_string(i));
    person.view = std::make_unique<ClientView>(
        person.id(), i % 2 == 0 ? ClientView::Repeats::kReplace : ClientView::Repeats::kDrop);
  }
  for (std::size_t i = 0; i < kPeople; ++i) log_in_on(i, i % nodes_);
  for (std::size_t i = 0; i < kGroups; ++i) {
    Group& group = groups_.emplace_back();
    group.creator = i;
    group.id = people_[i].user->create_group("group" + std::to_string(i));
    for (std::size_t j = i; j < i + kFirstMembers; ++j) {
      group.members.insert(j);
      if (j != i) people_[j].user->join_group(group.id);
    }
    touch_all_in(i, {true, group.id});
  }
}

int ConversationRun::steps_to_run(int usual) {
  const char* given = std::getenv("CHAT_CONVERSATION_STEPS");
  return given == nullptr ? usual : std::atoi(given);
}

void ConversationRun::make(int steps) {
  try {
    for (int i = 1; i <= steps && !::testing::Test::HasFailure(); ++i) {
      step();
      SCOPED_TRACE(fmt::format("seed {}, step {}: {}", seed_, i, steps_.back()));
      check();
      if (i % kStepsPerCheck != 0 && i != steps) continue;
      check_everybody();
      std::cout << fmt::format("seed {}: {} steps, {} texts, {} restarts\n", seed_, i, texts_,
                               restarts_)
                << std::flush;
    }
    for (std::size_t i = 0; i < people_.size() && !::testing::Test::HasFailure(); ++i) {
      check_sync(i);
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  if (::testing::Test::HasFailure()) std::cout << last_steps();
}

std::string ConversationRun::last_steps() const {
  std::string text = fmt::format("seed {}, the last steps:\n", seed_);
  for (const std::string& step : steps_) text += "  " + step + "\n";
  return text;
}

void ConversationRun::note(std::string step) {
  steps_.push_back(std::move(step));
  if (steps_.size() > kStepsShown) steps_.pop_front();
}

void ConversationRun::touch(std::size_t index, Place place) {
  touched_.insert(index);
  people_[index].stale.insert(place);
}

void ConversationRun::touch_all_in(std::size_t writer, Place place) {
  touch(writer, place);
  if (!place.first) return touch(index_of(place.second), {false, people_[writer].id()});
  for (const std::size_t member : group_of(place.second).members) touch(member, place);
}

// Whoever is logged out is checked after the next login.
void ConversationRun::check() {
  for (const std::size_t index : std::exchange(touched_, {})) {
    if (people_[index].user) check_inbox(index);
  }
}

void ConversationRun::check_everybody() {
  for (std::size_t i = 0; i < people_.size() && !::testing::Test::HasFailure(); ++i) {
    actor(i);
    read_all_again(i);
    check_inbox(i);
    check_view(people_[i]);
  }
  touched_.clear();
}

void ConversationRun::read_all_again(std::size_t index) {
  Person& person = people_[index];
  SCOPED_TRACE(person.account.name);
  for (const Place& place : places_of(index)) history(person, place);
  for (auto& [place, copy] : person.history) {
    history(person, place);
    const std::string wrong =
        copy.read_again([&](const Json& request) { return ask(person, request); });
    // Nobody is told how messages of a former group were changed.
    const bool former = place.first && !group_of(place.second).members.contains(index);
    EXPECT_TRUE(wrong.empty() || former) << place.second << ": " << wrong;
    EXPECT_EQ(stored_twice(copy.rows()), "");
  }
}

// The copy, with all that is new.
HistoryCopy& ConversationRun::history(Person& person, Place place) {
  const auto [found, is_new] = person.history.try_emplace(place, person.id(), place);
  const bool is_stale = person.stale.erase(place) > 0;
  if (is_new || is_stale) {
    found->second.update([&](const Json& request) { return ask(person, request); });
  }
  return found->second;
}

void ConversationRun::check_inbox(std::size_t index) {
  Person& person = people_[index];
  SCOPED_TRACE(person.account.name);
  while (!person.stale.empty()) history(person, *person.stale.begin());
  std::map<Place, const HistoryCopy::Counted*> expected;
  for (const Place& place : places_of(index)) {
    const auto read = person.read.find(place);
    const auto& counted =
        history(person, place).count(read == person.read.end() ? 0 : read->second);
    if (!counted.last.is_null()) expected.emplace(place, &counted);
  }
  std::int64_t newest = 0;
  for (const Json& item : inbox(person)) {
    const bool group = item.contains("groupid");
    const auto found = expected.find({group, item.at(group ? "groupid" : "with")});
    ASSERT_NE(found, expected.end()) << item;
    EXPECT_EQ(item.at("last"), found->second->last);
    EXPECT_EQ(item.at("unread"), found->second->unread) << item;
    EXPECT_EQ(item.at("mentions"), found->second->mentions) << item;
    const std::int64_t ts = item.at("last").at("ts");
    EXPECT_TRUE(newest == 0 || ts <= newest) << item;
    newest = ts;
    expected.erase(found);
  }
  for (const auto& [place, missing] : expected) ADD_FAILURE() << "not listed: " << missing->last;
}

// All conversations that the user can have.
std::vector<Place> ConversationRun::places_of(std::size_t index) const {
  std::vector<Place> places;
  for (const Person& other : people_) places.emplace_back(false, other.id());
  for (const Group& group : groups_) {
    if (group.members.contains(index)) places.emplace_back(true, group.id);
  }
  return places;
}

// Pushes from other servers may still be on their way.
void ConversationRun::check_view(Person& person) {
  SCOPED_TRACE(person.account.name);
  std::string what;
  wait_until([&] {
    person.user->client.take_in(milliseconds{0});
    take_waiting(person);
    what.clear();
    for (const auto& [place, copy] : person.history) {
      if (what.empty()) what = person.view->difference(place, copy.rows());
    }
    return what.empty();
  });
  EXPECT_EQ(what, "");
}

// A client that has nothing gets everything again, except what the user has sent.
void ConversationRun::check_sync(std::size_t index) {
  Person& person = people_[index];
  SCOPED_TRACE(person.account.name);
  person.view = std::make_unique<ClientView>(person.id());
  wait_until_reads_are_stored({index});
  log_in_on(index, random(nodes_));
  const std::vector<Place> places = places_of(index);
  for (const auto& [group, id] : places) {
    const Json reply = ask(person, {{"msgid", 24}, {group ? "groupid" : "from", id}, {"after", 0}});
    EXPECT_EQ(reply.at("errno"), 0) << reply;
  }
  std::string what;
  wait_until([&] {
    person.user->client.take_in(milliseconds{0});
    take_waiting(person);
    what.clear();
    for (const Place& place : places) {
      const Rows& rows = history(person, place).rows();
      if (what.empty()) what = person.view->difference(place, rows, ClientView::Own::kUnknown);
    }
    return what.empty();
  });
  EXPECT_EQ(what, "");
}

std::vector<Json> ConversationRun::inbox(Person& person) {
  std::vector<Json> all;
  Json request{{"msgid", 54}, {"limit", random(4) == 0 ? 3 : 100}};
  for (;;) {
    const Json reply = ask(person, request);
    EXPECT_EQ(reply.at("errno"), 0) << reply;
    if (reply.at("errno") != 0) return all;
    for (const Json& item : reply.at("conversations")) all.push_back(item);
    if (!reply.contains("cursor")) return all;
    request["cursor"] = reply.at("cursor");
  }
}

std::size_t ConversationRun::index_of(std::int64_t user) const {
  const auto found = std::ranges::find(people_, user, &Person::id);
  return static_cast<std::size_t>(found - people_.begin());
}

ConversationRun::Group& ConversationRun::group_of(std::int64_t id) {
  return *std::ranges::find(groups_, id, &Group::id);
}

std::size_t ConversationRun::random(std::size_t below) {
  return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
}

}  // namespace chat::test

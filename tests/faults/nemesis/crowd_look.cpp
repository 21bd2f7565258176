// In quiet phases: what has not settled, and whether its time limit has passed.
#include <algorithm>
#include <string_view>
#include <utility>

#include "faults/nemesis/crowd.h"

namespace chat::test::nemesis {
namespace {

// Time limits of the guarantees, without kAllowance.
constexpr milliseconds kLoginBound{15'000};
constexpr milliseconds kAnswerBound{15'000};
constexpr milliseconds kSessionBound{10'000};
constexpr milliseconds kDeliveryBound{10'000};
constexpr milliseconds kPresenceBound{15'000};

// After an act whose answer did not say.
constexpr std::string_view kUnknown = "unknown";

std::string to_text(Time since, Time now) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(now - since).count()) + " ms";
}

}  // namespace

milliseconds Crowd::allowance() const {
  return scaled(kAllowance) + 2 * lag_;
}

bool Crowd::is_over(Time since, Time now, milliseconds bound) const {
  return now - std::max(since, quiet_since_) > bound + allowance();
}

void Crowd::overdue(const std::string& promise, const std::string& what, Time since, Time now,
                    milliseconds bound) {
  if (is_over(since, now, bound)) {
    judge_.violation(promise, what + ", " + to_text(std::max(since, quiet_since_), now) +
                                  " after everything was quiet");
  }
}

// The first unsettled item; reports a violation if its limit has passed.
std::string Crowd::look_around(Time now) {
  std::string first;
  for (Person& person : people_) {
    if (const std::string open = look_at(person, now); first.empty()) first = open;
  }
  if (!first.empty()) return first;
  for (const Person& person : people_) {
    const std::string open = look_at_presence(person);
    if (open.empty()) continue;
    overdue("P7", open, quiet_since_, now, kPresenceBound);
    return open;
  }
  return "";
}

std::string Crowd::look_at(Person& person, Time now) {
  const std::string who = "user " + std::to_string(person.account.id);
  if (person.may_be_disabled) return who + " is disabled";
  if (person.current == nullptr && person.rests_until != Time::max()) {
    const std::string open = who + " is not logged in";
    overdue("P7", open, std::max(person.absent_since, person.enabled_at), now, kLoginBound);
    return open;
  }
  for (const Session& session : person.sessions) {
    if (session.kicked_at) {
      const std::string open =
          who + " has a session on node " + std::to_string(session.node + 1) + " that was kicked";
      overdue("kick", open, *session.kicked_at, now, kSessionBound);
      return open;
    }
    if (&session == person.current) continue;
    const std::string open = who + " has an older session on node " +
                             std::to_string(session.node + 1) +
                             (session.superseded_at ? " that was taken over" : " that goes");
    if (session.superseded_at) overdue("P8", open, *session.superseded_at, now, kSessionBound);
    return open;
  }
  if (person.current == nullptr) return "";
  if (const std::string wanted = wants(person); !wanted.empty()) {
    overdue("P11", who + " has no answer to " + wanted, quiet_since_, now, kAnswerBound);
    return who + " has no answer to " + wanted;
  }
  if (judge_.has_everything(person.account.id)) return "";
  const Time since = std::max(healed_at_, person.current->since);
  const milliseconds bound = kDeliveryBound + allowance();
  if (const auto missing = judge_.overdue(person.account.id, since, now, bound)) {
    judge_.violation("P1", *missing + ", on node " + std::to_string(person.current->node + 1));
  }
  return who + " waits for messages";
}

std::string Crowd::wants(const Person& person) {
  if (!person.outbox.empty()) return judge_.describe(person.outbox.front().number);
  if (!person.wanted_groups.empty()) {
    return "joining group " + std::to_string(*person.wanted_groups.begin());
  }
  if (!person.wanted_creation.empty()) return "making group " + person.wanted_creation;
  if (person.life) return describe(*person.life);
  if (person.revision) return describe_revision(*person.revision);
  if (!person.new_password.empty()) return "a change of the password";
  return person.asked_to_delete ? "the deletion of the account" : "";
}

std::string Crowd::look_at_presence(const Person& person) {
  if (person.current == nullptr || person.mortal) return "";
  for (const Person& other : people_) {
    if (&other == &person || other.mortal) continue;
    const auto told = person.current->friends.find(other.account.id);
    const auto seen = contacts_.presence(person.account.id, other.account.id,
                                         other.current == nullptr ? "offline" : "online");
    if (!seen) continue;
    const std::string& is = *seen;
    if (told != person.current->friends.end() && (told->second == is || told->second == kUnknown)) {
      continue;
    }
    return "user " + std::to_string(person.account.id) + " on node " +
           std::to_string(person.current->node + 1) + " sees user " +
           std::to_string(other.account.id) + " as " +
           (told == person.current->friends.end() ? "nothing" : told->second) + ", who is " + is;
  }
  return "";
}

}  // namespace chat::test::nemesis

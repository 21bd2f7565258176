#include "faults/nemesis/contact_ledger.h"

#include <algorithm>

namespace chat::test::nemesis {
namespace {

using Kind = LifeAct::Kind;

// A block binds everywhere within this time; its end is noticed as late.
constexpr milliseconds kBinds{2'000};

}  // namespace

const ContactLedger::Contact* ContactLedger::between(std::int64_t one, std::int64_t other) const {
  const auto found = std::ranges::find_if(contacts_, [&](const Contact& contact) {
    return (contact.first == one && contact.second == other) ||
           (contact.first == other && contact.second == one);
  });
  return found == contacts_.end() ? nullptr : &*found;
}

ContactLedger::Contact* ContactLedger::contact_of(std::int64_t first) {
  const auto found = std::ranges::find(contacts_, first, &Contact::first);
  return found == contacts_.end() ? nullptr : &*found;
}

std::int64_t ContactLedger::other_of(std::int64_t first) const {
  const auto found = std::ranges::find(contacts_, first, &Contact::first);
  return found == contacts_.end() ? 0 : found->second;
}

bool ContactLedger::blocks(std::int64_t first) const {
  const auto found = std::ranges::find(contacts_, first, &Contact::first);
  return found != contacts_.end() && !found->changes.empty() && found->changes.back().blocked;
}

bool ContactLedger::lists(std::int64_t first) const {
  const auto found = std::ranges::find(contacts_, first, &Contact::first);
  return found != contacts_.end() && found->lists;
}

void ContactLedger::asked(const LifeAct& act, Time now) {
  Contact& contact = *contact_of(act.actor);
  ++contact.open;
  if (act.kind == Kind::kUnfriend) contact.was_removed = true;
  if (act.kind == Kind::kBlock || act.kind == Kind::kUnblock) {
    contact.changes.push_back({act.kind == Kind::kBlock, now, std::nullopt});
  }
}

std::vector<std::string> ContactLedger::answered(const LifeAct& act, int code, Time now) {
  Contact& contact = *contact_of(act.actor);
  --contact.open;
  const bool may_exist = act.kind == Kind::kBefriend && code == codes::kExists;
  if (code != 0 && !may_exist) {
    return {describe(act) + " was refused with errno " + std::to_string(code)};
  }
  if (act.kind == Kind::kBefriend) contact.lists = true;
  if (act.kind == Kind::kUnfriend) contact.lists = false;
  if (act.kind == Kind::kBlock || act.kind == Kind::kUnblock) contact.changes.back().told_at = now;
  return {};
}

// An earlier change ends when the next one was told, and surely binds until that was asked for.
bool ContactLedger::may_bar(std::int64_t one, std::int64_t other, Time sent, Time refused) const {
  const Contact* contact = between(one, other);
  if (contact == nullptr) return false;
  for (std::size_t i = 0; i < contact->changes.size(); ++i) {
    const Change& change = contact->changes[i];
    if (!change.blocked || change.asked_at > refused) continue;
    const bool ends = i + 1 < contact->changes.size() && contact->changes[i + 1].told_at;
    if (!ends || sent <= *contact->changes[i + 1].told_at + kBinds) return true;
  }
  return false;
}

bool ContactLedger::surely_bars(std::int64_t one, std::int64_t other, Time sent) const {
  const Contact* contact = between(one, other);
  if (contact == nullptr) return false;
  for (std::size_t i = 0; i < contact->changes.size(); ++i) {
    const Change& change = contact->changes[i];
    if (!change.blocked || !change.told_at || sent < *change.told_at + kBinds) continue;
    const bool ends = i + 1 < contact->changes.size();
    if (!ends) return true;
  }
  return false;
}

std::optional<std::string> ContactLedger::presence(std::int64_t viewer, std::int64_t shown,
                                                   const std::string& real) const {
  const Contact* contact = between(viewer, shown);
  if (contact == nullptr) return real;
  if (contact->open != 0) return std::nullopt;
  if (viewer == contact->first) return contact->lists ? std::optional(real) : std::nullopt;
  if (contact->was_removed) return std::nullopt;
  return blocks(contact->first) ? "offline" : real;
}

std::vector<std::string> ContactLedger::compare(const std::set<Pair>& blocked,
                                                const std::set<Pair>& listed) const {
  std::vector<std::string> violations;
  for (const Contact& contact : contacts_) {
    if (contact.open != 0) continue;
    const Pair pair{contact.first, contact.second};
    const std::string who = "user " + std::to_string(contact.first) + " was told that user " +
                            std::to_string(contact.second);
    const bool blocks = !contact.changes.empty() && contact.changes.back().blocked;
    if (blocked.contains(pair) != blocks) {
      violations.push_back(who + (blocks ? " is blocked" : " is not blocked") +
                           "; the table disagrees");
    }
    if (listed.contains(pair) != contact.lists) {
      violations.push_back(who + (contact.lists ? " is a friend" : " is no friend") +
                           "; the table disagrees");
    }
    if (listed.contains({contact.second, contact.first}) && contact.was_removed) {
      violations.push_back(who + " is no friend, on whose list it still is");
    }
  }
  return violations;
}

}  // namespace chat::test::nemesis

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faults/nemesis/life_act.h"

namespace chat::test::nemesis {

// Judges the contacts between some pairs of users. The first of a pair blocks, unblocks, removes
// and adds the second, who does nothing. Both are on each other's lists at the beginning.
// Threading: externally synchronised.
class ContactLedger {
 public:
  using Pair = std::pair<std::int64_t, std::int64_t>;

  void add(std::int64_t first, std::int64_t second) { contacts_.push_back({first, second}); }
  // Whom the user acts on; 0: nobody.
  std::int64_t other_of(std::int64_t first) const;
  bool blocks(std::int64_t first) const;     // as it was told last
  bool lists(std::int64_t first) const;      // likewise
  void asked(const LifeAct& act, Time now);  // for the first time
  // Returns violations.
  std::vector<std::string> answered(const LifeAct& act, int code, Time now);

  // True if a message between the two, sent and refused at these times, may have met a block.
  bool may_bar(std::int64_t one, std::int64_t other, Time sent, Time refused) const;
  // True if a message sent then must be refused.
  bool surely_bars(std::int64_t one, std::int64_t other, Time sent) const;
  // The state of `shown` that `viewer` should see, given its real state; nothing if unknown.
  std::optional<std::string> presence(std::int64_t viewer, std::int64_t shown,
                                      const std::string& real) const;
  // The rows of `block` and `friend`. Returns violations; says nothing about open acts.
  std::vector<std::string> compare(const std::set<Pair>& blocked,
                                   const std::set<Pair>& listed) const;

 private:
  struct Change {
    bool blocked = false;
    Time asked_at;
    std::optional<Time> told_at;
  };
  struct Contact {
    std::int64_t first = 0;
    std::int64_t second = 0;
    std::vector<Change> changes{};  // of the block
    bool lists = true;
    bool was_removed = false;  // may have been
    int open = 0;              // acts without an answer
  };
  const Contact* between(std::int64_t one, std::int64_t other) const;
  Contact* contact_of(std::int64_t first);

  std::vector<Contact> contacts_;
};

}  // namespace chat::test::nemesis

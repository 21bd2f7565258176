#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faults/nemesis/club_state.h"

namespace chat::test::nemesis {

// What the table says about one club.
struct ClubTable {
  std::vector<ClubRow> rows;  // from seq 1, without a gap
  std::map<std::int64_t, ClubMembership> memberships;
  bool muted_all = false;
  bool dismissed = false;
};

// Judges the lives of the clubs. The event rows of a stream define the club's state after each of
// its rows; everything else must agree with that: who wrote, who acted, what every act was
// answered, what everybody was pushed, and the other tables.
// Threading: externally synchronised.
class ClubLedger {
 public:
  void add(std::int64_t club, std::int64_t creator);
  // A member from the beginning, without an event.
  void add_member(std::int64_t club, std::int64_t user, const std::string& role);
  bool holds(std::int64_t club) const { return clubs_.contains(club); }
  std::vector<std::int64_t> clubs() const;
  // The highest seq that anybody was pushed.
  std::int64_t head(std::int64_t club) const { return clubs_.at(club).head; }
  // The club as of the last compare().
  const ClubState& state(std::int64_t club) const { return clubs_.at(club).states.back().second; }
  // What the clubs probably are: what was pushed so far, in any order.
  const ClubState& guess(std::int64_t club) const { return clubs_.at(club).guess; }

  // A message or an event of a club. `counts`: on the user's newest session.
  void pushed(std::int64_t user, const Json& push, bool counts);
  void asked(const LifeAct& act);  // for the first time
  // The user's account may have been deleted.
  void may_be_erased(std::int64_t user) { erased_.insert(user); }
  void answered(const LifeAct& act, int code);

  // With everything that was answered so far. Returns violations.
  std::vector<std::string> compare(const std::map<std::int64_t, ClubTable>& tables);
  // What the user should have been pushed as of the last compare(), and was not; empty if nothing.
  std::string missing(std::int64_t user) const;

 private:
  struct Pushed {
    std::string what;  // of an event
    bool counts = false;
    bool compared = false;
  };
  // Seqs that a member may be pushed: after `after`, up to `upto`, unless that is 0.
  struct Window {
    std::int64_t after = 0;
    std::int64_t upto = 0;
    bool has(std::int64_t seq) const { return seq > after && (upto == 0 || seq <= upto); }
  };
  struct Club {
    ClubState initial;
    std::int64_t head = 0;
    std::int64_t guessed = 0;  // the highest event in `guess`
    ClubState guess;
    std::map<std::int64_t, std::map<std::int64_t, Pushed>> views;  // by user and seq
    std::map<std::string, int> asked;                              // by what an event row says
    std::vector<std::pair<LifeAct, int>> answers;                  // not yet compared
    // As of the last compare():
    std::vector<ClubRow> rows;
    // After each event, as far back as the answers need.
    std::vector<std::pair<std::int64_t, ClubState>> states;
    std::map<std::int64_t, std::vector<Window>> windows;  // by user, ascending
  };

  void fold(std::int64_t id, Club& club);
  void judge_row(std::int64_t id, const ClubState& before, const ClubRow& row);
  void judge_counts(std::int64_t id, Club& club);
  void judge_answer(const Club& club, const LifeAct& act, int code);
  void judge_view(std::int64_t id, Club& club, std::int64_t user,
                  std::map<std::int64_t, Pushed>& view);
  void judge_memberships(std::int64_t id, const Club& club, const ClubTable& table);
  void violation(std::int64_t id, const std::string& what);

  std::map<std::int64_t, Club> clubs_;
  std::set<std::int64_t> erased_;
  std::vector<std::string> violations_;
};

}  // namespace chat::test::nemesis

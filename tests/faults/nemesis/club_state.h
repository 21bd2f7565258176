#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "faults/nemesis/life_act.h"

namespace chat::test::nemesis {

// A row of a club's stream; `event` is empty for a message, or "recall" or "edit".
struct ClubRow {
  std::int64_t seq = 0;
  std::int64_t sender = 0;
  std::string event{};
  std::int64_t user = 0;  // 0: none, or everybody
  std::string role{};
};

// A row of groupuser.
struct ClubMembership {
  std::string role;
  bool muted = false;
  std::int64_t joined_seq = 0;
  std::int64_t left_seq = 0;  // not 0: a former member
};

// What a club is after some row of its stream, as its event rows say. A plain value.
struct ClubState {
  struct Member {
    std::string role = "normal";
    std::int64_t joined_seq = 0;  // reads what comes after
  };
  std::map<std::int64_t, Member> members;       // by user
  std::map<std::int64_t, std::int64_t> former;  // the seq at which each left last
  std::set<std::int64_t> muted;                 // also former members
  bool muted_all = false;
  bool dismissed = false;

  void apply(const ClubRow& row);
  bool has(std::int64_t user) const { return members.contains(user); }
  std::string role_of(std::int64_t user) const;
  bool may_write(std::int64_t user) const;
  // The errno with which the act has to be answered in this state.
  int answer_to(const LifeAct& act) const;
  // True if the act's purpose is fulfilled. Of a message, always.
  bool fulfils(const LifeAct& act) const;
};

}  // namespace chat::test::nemesis

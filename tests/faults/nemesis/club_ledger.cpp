#include "faults/nemesis/club_ledger.h"

#include <algorithm>
#include <limits>

namespace chat::test::nemesis {
namespace {

using Kind = LifeAct::Kind;

std::string text_of(const ClubRow& row) {
  if (row.event.empty()) return "a message of user " + std::to_string(row.sender);
  std::string text = row.event + " by user " + std::to_string(row.sender);
  if (row.user != 0) text += ", user " + std::to_string(row.user);
  if (!row.role.empty()) text += ", " + row.role;
  return text;
}

ClubRow row_of(const Json& push) {
  return {push.at("seq"), push.at("id"), push.value("event", push.value("kind", "")),
          push.value("user", 0), push.value("role", "")};
}

// The event row that an act writes; empty for a message.
std::string event_of(const LifeAct& act) {
  ClubRow row{0, act.actor, "", act.target, ""};
  switch (act.kind) {
    case Kind::kJoin: row.event = "joined"; break;
    case Kind::kLeave: row.event = "left"; break;
    case Kind::kRemove: row.event = "removed"; break;
    case Kind::kMute:
    case Kind::kMuteAll: row.event = "muted"; break;
    case Kind::kUnmute:
    case Kind::kUnmuteAll: row.event = "unmuted"; break;
    case Kind::kPromote:
    case Kind::kDemote:
    case Kind::kHandOver:
      row.event = "role";
      row.role = act.kind == Kind::kHandOver  ? "creator"
                 : act.kind == Kind::kPromote ? "admin"
                                              : "normal";
      break;
    default: return "";
  }
  if (act.kind == Kind::kJoin || act.kind == Kind::kLeave) row.user = act.actor;
  return text_of(row);
}

// The act that may have caused the event; nothing if it needs no right.
std::optional<LifeAct> act_of(std::int64_t club, const ClubRow& row) {
  LifeAct act{.actor = row.sender, .club = club, .target = row.user};
  if (row.event.empty() || row.event == "edit") {
    act.kind = Kind::kChat;
  } else if (row.event == "joined" && row.user == row.sender) {
    act.kind = Kind::kJoin;
  } else if (row.event == "removed") {
    act.kind = Kind::kRemove;
  } else if (row.event == "muted" || row.event == "unmuted") {
    act.kind = row.user == 0 ? Kind::kMuteAll : Kind::kMute;
  } else if (row.event == "role") {
    act.kind = Kind::kPromote;
  } else {
    return std::nullopt;
  }
  return act;
}

bool is_revision(const ClubRow& row) {
  return row.event == "recall" || row.event == "edit";
}

}  // namespace

void ClubLedger::add(std::int64_t club, std::int64_t creator) {
  clubs_[club];
  add_member(club, creator, "creator");
}

void ClubLedger::add_member(std::int64_t club, std::int64_t user, const std::string& role) {
  Club& known = clubs_.at(club);
  known.initial.members[user] = {role, 0};
  known.guess.members[user] = {role, 0};
}

std::vector<std::int64_t> ClubLedger::clubs() const {
  std::vector<std::int64_t> ids;
  for (const auto& [id, club] : clubs_) ids.push_back(id);
  return ids;
}

void ClubLedger::violation(std::int64_t id, const std::string& what) {
  constexpr std::size_t kMost = 10;
  if (violations_.size() < kMost)
    violations_.push_back("group " + std::to_string(id) + ": " + what);
}

void ClubLedger::pushed(std::int64_t user, const Json& push, bool counts) {
  Club& club = clubs_.at(push.at("groupid"));
  const ClubRow row = row_of(push);
  club.head = std::max(club.head, row.seq);
  if (!row.event.empty() && row.seq > club.guessed) {
    club.guess.apply(row);
    club.guessed = row.seq;
  }
  Pushed& seen = club.views[user][row.seq];
  const std::string what = row.event.empty() ? std::string() : text_of(row);
  if (seen.what != what) seen.compared = false;
  seen.what = what;
  seen.counts = seen.counts || counts;
}

void ClubLedger::asked(const LifeAct& act) {
  ++clubs_.at(act.club).asked[event_of(act)];
}

void ClubLedger::answered(const LifeAct& act, int code) {
  clubs_.at(act.club).answers.emplace_back(act, code);
}

std::vector<std::string> ClubLedger::compare(const std::map<std::int64_t, ClubTable>& tables) {
  for (auto& [id, club] : clubs_) {
    const ClubTable& table = tables.at(id);
    club.rows = table.rows;
    fold(id, club);
    judge_counts(id, club);
    for (const auto& [act, code] : club.answers) judge_answer(club, act, code);
    club.answers.clear();
    for (auto& [user, view] : club.views) judge_view(id, club, user, view);
    judge_memberships(id, club, table);
    club.guess = club.states.back().second;
    club.guessed = club.head = std::max(club.head, static_cast<std::int64_t>(club.rows.size()));
  }
  return std::exchange(violations_, {});
}

void ClubLedger::fold(std::int64_t id, Club& club) {
  ClubState state = club.initial;
  club.states.assign(1, {0, state});
  club.windows.clear();
  for (const auto& [user, member] : state.members) club.windows[user].push_back({});
  std::int64_t needed = std::numeric_limits<std::int64_t>::max();
  for (const auto& [act, code] : club.answers) needed = std::min(needed, act.from_head);
  std::int64_t seq = 0;
  for (const ClubRow& row : club.rows) {
    if (row.seq != ++seq) return violation(id, "no seq " + std::to_string(seq));
    judge_row(id, state, row);
    if (row.event.empty() || is_revision(row)) continue;
    state.apply(row);
    if (row.seq <= needed) club.states.clear();
    club.states.emplace_back(row.seq, state);
    if (row.event == "joined") {
      club.windows[row.user].push_back({state.members.at(row.user).joined_seq, 0});
    } else if ((row.event == "left" || row.event == "removed") && !club.windows[row.user].empty()) {
      club.windows[row.user].back().upto = row.seq;
    }
  }
}

// The second row of handing over is the former creator's act, who is still one.
void ClubLedger::judge_row(std::int64_t id, const ClubState& before, const ClubRow& row) {
  const auto act = act_of(id, row);
  if (act && before.answer_to(*act) != 0) {
    violation(id, "seq " + std::to_string(row.seq) + ", " + text_of(row) +
                      ", is after the event that forbids it (errno " +
                      std::to_string(before.answer_to(*act)) + ")");
  }
  if (row.event == "left" && !before.has(row.user)) {
    violation(id, "seq " + std::to_string(row.seq) + ", " + text_of(row) + ", who is no member");
  }
}

// No event twice for one act. A mute may be repeated, which extends it; and a deleted account
// leaves and hands over without being asked to.
void ClubLedger::judge_counts(std::int64_t id, Club& club) {
  std::map<std::string, int> stored;
  for (const ClubRow& row : club.rows) {
    const bool of_own_role = row.event == "role" && row.user == row.sender;
    const bool of_deletion =
        erased_.contains(row.sender) && (row.event == "left" || row.role == "creator");
    if (row.event.empty() || is_revision(row)) continue;
    if (row.event == "muted" || row.event == "dismissed") continue;
    if (!of_own_role && !of_deletion) ++stored[text_of(row)];
  }
  for (const auto& [what, count] : stored) {
    const int asked = club.asked[what];
    if (count > asked) {
      violation(id, what + ": " + std::to_string(count) + " events, asked for " +
                        std::to_string(asked) + " times");
    }
  }
}

// The answer must be the right one in some state since the request, and the state must have been as
// the client was told.
void ClubLedger::judge_answer(const Club& club, const LifeAct& act, int code) {
  const bool may_be_unknown = erased_.contains(act.target) && code == 23;
  bool is_right = may_be_unknown;
  bool was_so = code != 0;
  std::string allowed;
  auto state =
      std::upper_bound(club.states.begin(), club.states.end(), act.from_head,
                       [](std::int64_t head, const auto& one) { return head < one.first; });
  for (--state; state != club.states.end(); ++state) {
    const int answer = state->second.answer_to(act);
    is_right = is_right || answer == code;
    was_so = was_so || state->second.fulfils(act);
    if (allowed.find(std::to_string(answer)) == std::string::npos) {
      allowed += " " + std::to_string(answer);
    }
  }
  if (!is_right) {
    violation(act.club, describe(act) + " was answered " + std::to_string(code) +
                            "; right would be" + allowed);
  } else if (!was_so) {
    violation(act.club, describe(act) + " was confirmed, and has no effect in the table");
  }
}

void ClubLedger::judge_view(std::int64_t id, Club& club, std::int64_t user,
                            std::map<std::int64_t, Pushed>& view) {
  const std::string who = "user " + std::to_string(user);
  const auto& windows = club.windows[user];
  for (auto& [seq, seen] : view) {
    if (seen.compared) continue;
    seen.compared = true;
    const auto at = static_cast<std::size_t>(seq);
    if (at > club.rows.size()) {
      violation(id, who + " got seq " + std::to_string(seq) + ", which is not stored");
      continue;
    }
    const ClubRow& row = club.rows[at - 1];
    if (seen.what != (row.event.empty() ? std::string() : text_of(row))) {
      violation(id, who + " got seq " + std::to_string(seq) + " as \"" + seen.what +
                        "\", and stored is " + text_of(row));
    }
    const bool may_see =
        std::ranges::any_of(windows, [&](const Window& window) { return window.has(seq); });
    if (!may_see || row.sender == user) {
      violation(id, who + " got seq " + std::to_string(seq) + ", " + text_of(row) +
                        (may_see ? ", its own" : ", outside of its membership"));
    }
  }
  // No gap between what was pushed within one membership.
  for (const Window& window : windows) {
    std::int64_t last = 0;
    for (const auto& [seq, seen] : view) {
      if (!window.has(seq) || !seen.counts) continue;
      for (std::int64_t lost = last + 1; last != 0 && lost < seq; ++lost) {
        if (club.rows[static_cast<std::size_t>(lost) - 1].sender == user) continue;
        violation(id, who + " never got seq " + std::to_string(lost) + ", " +
                          text_of(club.rows[static_cast<std::size_t>(lost) - 1]));
      }
      last = seq;
    }
  }
}

void ClubLedger::judge_memberships(std::int64_t id, const Club& club, const ClubTable& table) {
  const ClubState& state = club.states.back().second;
  if (table.muted_all != state.muted_all) violation(id, "allgroup disagrees about the mute");
  if (table.dismissed != state.dismissed) violation(id, "allgroup disagrees about the dismissal");
  int creators = 0;
  for (const auto& [user, row] : table.memberships) {
    const std::string who = "the membership of user " + std::to_string(user);
    const auto member = state.members.find(user);
    const bool is_member = member != state.members.end();
    if ((row.left_seq == 0) != is_member) {
      violation(id, who + " disagrees with the events");
      continue;
    }
    if (row.muted != state.muted.contains(user)) violation(id, who + " disagrees about the mute");
    if (!is_member) {
      const auto former = state.former.find(user);
      if (former == state.former.end() || former->second != row.left_seq) {
        violation(id, who + " ends at another seq, " + std::to_string(row.left_seq));
      }
      continue;
    }
    creators += row.role == "creator" ? 1 : 0;
    if (row.role != member->second.role || row.joined_seq != member->second.joined_seq) {
      violation(id, who + " is " + row.role + " since " + std::to_string(row.joined_seq) +
                        "; the events say " + member->second.role + " since " +
                        std::to_string(member->second.joined_seq));
    }
  }
  for (const auto& [user, member] : state.members) {
    if (!table.memberships.contains(user)) {
      violation(id, "user " + std::to_string(user) + " is a member by the events only");
    }
  }
  if (creators != 1 && !table.dismissed) {
    violation(id, "there are " + std::to_string(creators) + " creators");
  }
}

std::string ClubLedger::missing(std::int64_t user) const {
  for (const auto& [id, club] : clubs_) {
    const auto windows = club.windows.find(user);
    if (windows == club.windows.end() || windows->second.empty()) continue;
    const auto view = club.views.find(user);
    for (const ClubRow& row : club.rows) {
      if (!windows->second.back().has(row.seq) || row.sender == user) continue;
      const auto seen =
          view == club.views.end() ? decltype(view->second.end()){} : view->second.find(row.seq);
      if (view != club.views.end() && seen != view->second.end() && seen->second.counts) continue;
      return "user " + std::to_string(user) + " misses seq " + std::to_string(row.seq) +
             " of group " + std::to_string(id) + ", " + text_of(row);
    }
  }
  return "";
}

}  // namespace chat::test::nemesis

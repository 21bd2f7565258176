#include "faults/nemesis/club_state.h"

namespace chat::test::nemesis {
namespace {

using Kind = LifeAct::Kind;
using namespace codes;

bool is_creators(Kind kind) {
  return kind == Kind::kPromote || kind == Kind::kDemote || kind == Kind::kHandOver;
}

std::string wanted_role(Kind kind) {
  if (kind == Kind::kHandOver) return "creator";
  return kind == Kind::kPromote ? "admin" : "normal";
}

}  // namespace

void ClubState::apply(const ClubRow& row) {
  if (row.event == "joined") {
    members[row.user] = {"normal", row.user == row.sender ? row.seq : row.seq - 1};
    former.erase(row.user);
  } else if (row.event == "left" || row.event == "removed") {
    members.erase(row.user);
    former[row.user] = row.seq;
  } else if (row.event == "role") {
    members[row.user].role = row.role;
    if (row.role == "creator") muted.erase(row.user);
  } else if (row.event == "muted" && row.user == 0) {
    muted_all = true;
  } else if (row.event == "muted") {
    muted.insert(row.user);
  } else if (row.event == "unmuted" && row.user == 0) {
    muted_all = false;
  } else if (row.event == "unmuted") {
    muted.erase(row.user);
  } else if (row.event == "dismissed") {
    dismissed = true;
  }
}

std::string ClubState::role_of(std::int64_t user) const {
  const auto found = members.find(user);
  return found == members.end() ? "" : found->second.role;
}

bool ClubState::may_write(std::int64_t user) const {
  if (!has(user) || dismissed || muted.contains(user)) return false;
  return !muted_all || role_of(user) != "normal";
}

int ClubState::answer_to(const LifeAct& act) const {
  const std::string own = role_of(act.actor);
  const std::string others = role_of(act.target);
  if (act.kind == Kind::kJoin) {
    if (!own.empty()) return kExists;
    return dismissed ? kNotFound : kOk;
  }
  if (act.kind == Kind::kLeave) {
    if (own.empty()) return former.contains(act.actor) ? kOk : kNotFound;
    return own == "creator" && !dismissed && members.size() > 1 ? kConflict : kOk;
  }
  if (own.empty()) return kNotFound;
  if (act.kind == Kind::kChat) return may_write(act.actor) ? kOk : kNotAllowed;
  // The former creator may repeat the handing over.
  if (act.kind == Kind::kHandOver && own == "admin" && others == "creator") return kOk;
  if (dismissed || own == "normal") return kNotAllowed;
  if (is_creators(act.kind)) {
    if (own != "creator") return kNotAllowed;
    return others.empty() ? kNotFound : kOk;
  }
  if (act.kind == Kind::kMuteAll || act.kind == Kind::kUnmuteAll) return kOk;
  if (others == "creator" || (others == "admin" && own != "creator")) return kNotAllowed;
  if (!others.empty()) return kOk;
  return act.kind == Kind::kRemove && former.contains(act.target) ? kOk : kNotFound;
}

bool ClubState::fulfils(const LifeAct& act) const {
  switch (act.kind) {
    case Kind::kJoin: return has(act.actor);
    case Kind::kLeave: return !has(act.actor);
    case Kind::kRemove: return !has(act.target);
    case Kind::kMute: return muted.contains(act.target);
    case Kind::kUnmute: return !muted.contains(act.target);
    case Kind::kMuteAll: return muted_all;
    case Kind::kUnmuteAll: return !muted_all;
    case Kind::kPromote:
    case Kind::kDemote:
    case Kind::kHandOver: return role_of(act.target) == wanted_role(act.kind);
    default: return true;
  }
}

}  // namespace chat::test::nemesis

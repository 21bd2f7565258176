#include "faults/nemesis/life_act.h"

#include <array>
#include <string_view>
#include <utility>

namespace chat::test::nemesis {
namespace {

using Kind = LifeAct::Kind;

// Longer than the clock of a node ever jumps, and than a run.
constexpr int kMuteSeconds = 7 * 24 * 3600;

constexpr std::array<std::string_view, 15> kWords = {
    "chat",    "join",   "leave",     "remove", "mute",    "unmute",   "mute all", "unmute all",
    "promote", "demote", "hand over", "block",  "unblock", "befriend", "unfriend"};

std::string_view role_for(Kind kind) {
  if (kind == Kind::kHandOver) return "creator";
  return kind == Kind::kPromote ? "admin" : "normal";
}

}  // namespace

std::optional<LifeAct> inverse_of(const LifeAct& act) {
  constexpr std::array<std::pair<Kind, Kind>, 6> kPairs = {{
      {Kind::kJoin, Kind::kLeave},
      {Kind::kMute, Kind::kUnmute},
      {Kind::kMuteAll, Kind::kUnmuteAll},
      {Kind::kPromote, Kind::kDemote},
      {Kind::kBlock, Kind::kUnblock},
      {Kind::kBefriend, Kind::kUnfriend},
  }};
  LifeAct inverse{.actor = act.actor, .club = act.club, .target = act.target};
  for (const auto& [one, other] : kPairs) {
    if (act.kind != one && act.kind != other) continue;
    inverse.kind = act.kind == one ? other : one;
    return inverse;
  }
  return std::nullopt;
}

Json request_of(const LifeAct& act) {
  Json json = act.is_of_club() ? Json{{"groupid", act.club}} : Json{{"userid", act.target}};
  switch (act.kind) {
    case Kind::kChat: break;
    case Kind::kJoin: json["msgid"] = 9; break;
    case Kind::kLeave: json["msgid"] = 40; break;
    case Kind::kRemove: json["msgid"] = 41; break;
    case Kind::kPromote:
    case Kind::kDemote:
    case Kind::kHandOver:
      json["msgid"] = 42;
      json["role"] = role_for(act.kind);
      break;
    case Kind::kMute:
    case Kind::kMuteAll:
      json["msgid"] = 43;
      json["seconds"] = kMuteSeconds;
      break;
    case Kind::kUnmute:
    case Kind::kUnmuteAll:
      json["msgid"] = 43;
      json["seconds"] = 0;
      break;
    case Kind::kBlock:
    case Kind::kUnblock:
      json["msgid"] = 34;
      json["blocked"] = act.kind == Kind::kBlock;
      break;
    case Kind::kBefriend: return {{"msgid", 7}, {"friendid", act.target}};
    case Kind::kUnfriend: return {{"msgid", 33}, {"friendid", act.target}};
  }
  if (act.is_of_club() && act.target != 0) json["userid"] = act.target;
  return json;
}

std::string describe(const LifeAct& act) {
  std::string text = "user " + std::to_string(act.actor) + ": " +
                     std::string(kWords.at(static_cast<std::size_t>(act.kind)));
  if (act.target != 0) text += " user " + std::to_string(act.target);
  if (act.club != 0) text += " in group " + std::to_string(act.club);
  if (act.from_head != 0) text += " after seq " + std::to_string(act.from_head);
  return text;
}

}  // namespace chat::test::nemesis

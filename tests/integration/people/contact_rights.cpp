#include "contact_rights.h"

#include <utility>

namespace chat::test::rights {
namespace {

Json with_user(int msgid, std::int64_t other, const Json& more = Json::object()) {
  Json request = {{"msgid", msgid}, {"userid", other}};
  request.update(more);
  return request;
}

constexpr ContactAct kContactActs[] = {
    {"chat with",
     [](std::int64_t other, std::int64_t) {
       return Json{{"msgid", 6}, {"toid", other}, {"msg", "hello"}};
     }},
    {"add",
     [](std::int64_t other, std::int64_t) {
       return Json{{"msgid", 7}, {"friendid", other}};
     }},
    {"accept",
     [](std::int64_t other, std::int64_t) {
       return with_user(32, other, {{"accept", true}});
     }},
    {"refuse",
     [](std::int64_t other, std::int64_t) {
       return with_user(32, other, {{"accept", false}});
     }},
    {"remove",
     [](std::int64_t other, std::int64_t) {
       return Json{{"msgid", 33}, {"friendid", other}};
     }},
    {"block",
     [](std::int64_t other, std::int64_t) {
       return with_user(34, other, {{"blocked", true}});
     }},
    {"unblock",
     [](std::int64_t other, std::int64_t) {
       return with_user(34, other, {{"blocked", false}});
     }},
    {"look at", [](std::int64_t other, std::int64_t) { return with_user(35, other); }},
    {"read the conversation with",
     [](std::int64_t other, std::int64_t) {
       return Json{{"msgid", 25}, {"with", other}};
     }},
    {"sync from",
     [](std::int64_t other, std::int64_t) {
       return Json{{"msgid", 24}, {"from", other}};
     }},
    {"invite",
     [](std::int64_t other, std::int64_t group) {
       return with_user(46, other, {{"groupid", group}});
     }},
};

constexpr std::pair kYes{0, 0};
constexpr std::pair kBad{14, 14};
constexpr std::pair kNo{22, 22};
constexpr std::pair kNone{23, 23};
constexpr std::pair kThere{25, 25};
constexpr std::pair kOnce{0, 25};  // exists the second time

// clang-format off
const ContactRow kContactRows[] = {
    // chat,  add,    accept, refuse, remove, block, unblock, look at, history, sync, invite
    {"a stranger",
     {kYes,   kOnce,  kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"somebody in one's list",
     {kYes,   kThere, kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"somebody who lists one",
     {kYes,   kOnce,  kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"a mutual friend",
     {kYes,   kThere, kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"somebody one has blocked",
     {kNo,    kNo,    kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kNo}},
    {"a blocker",
     {kNo,    kNo,    kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kNo}},
    {"somebody in a mutual block",
     {kNo,    kNo,    kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kNo}},
    {"somebody who must approve",
     {kYes,   kYes,   kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"somebody who has been asked",
     {kYes,   kYes,   kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"somebody who has refused",
     {kYes,   kYes,   kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"somebody who has asked",
     {kYes,   kOnce,  kYes,   kYes,   kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"somebody who allows nobody",
     {kYes,   kNo,    kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kNo}},
    {"somebody who chats with friends",
     {kNo,    kOnce,  kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"somebody in one's list who chats with friends",
     {kNo,    kThere, kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"a friend who chats with friends",
     {kYes,   kOnce,  kNone,  kNone,  kYes,   kYes,  kYes,    kYes,    kYes,    kYes, kYes}},
    {"a deleted user",
     {kNone,  kNone,  kNone,  kNone,  kNone,  kNone, kNone,   kNone,   kYes,    kYes, kNone}},
    {"an unknown user",
     {kNone,  kNone,  kNone,  kNone,  kNone,  kNone, kNone,   kNone,   kNone,   kNone,kNone}},
    {"oneself",
     {kYes,   kBad,   kBad,   kBad,   kBad,   kBad,  kBad,    kYes,    kYes,    kYes, kBad}},
};
// clang-format on

void add(User& user, const User& other) {
  request_ok(user.client, add_friend_request(user.account, other.id()));
}
void block(User& user, const User& other) {
  request_ok(user.client, with_user(34, other.id(), {{"blocked", true}}));
}
void set(User& user, const char* policy, const char* word) {
  request_ok(user.client, {{"msgid", 36}, {policy, word}});
}

}  // namespace

std::span<const ContactAct> contact_acts() {
  return kContactActs;
}

const ContactRow& row_of(Relation relation) {
  static_assert(std::size(kContactRows) == kRelations);
  return kContactRows[static_cast<std::size_t>(relation)];
}

void relate(Relation relation, User& actor, User& other) {
  switch (relation) {
    case Relation::kStranger:
    case Relation::kUnknown:
    case Relation::kSelf: return;
    case Relation::kMine: return add(actor, other);
    case Relation::kTheirs: return add(other, actor);
    case Relation::kMutual: add(actor, other); return add(other, actor);
    case Relation::kBlocked: return block(actor, other);
    case Relation::kBlocker: return block(other, actor);
    case Relation::kBothBlocked: block(actor, other); return block(other, actor);
    case Relation::kApproval: return set(other, "who_may_add", "approval");
    case Relation::kPending: set(other, "who_may_add", "approval"); return add(actor, other);
    case Relation::kRefused:
      set(other, "who_may_add", "approval");
      add(actor, other);
      request_ok(other.client, with_user(32, actor.id(), {{"accept", false}}));
      return;
    case Relation::kAsker: set(actor, "who_may_add", "approval"); return add(other, actor);
    case Relation::kNobody: return set(other, "who_may_add", "nobody");
    case Relation::kFriendsOnly: return set(other, "who_may_chat", "friends");
    case Relation::kFriendsOnlyMine:
      set(other, "who_may_chat", "friends");
      return add(actor, other);
    case Relation::kFriendsOnlyTheirs:
      set(other, "who_may_chat", "friends");
      return add(other, actor);
    case Relation::kDeleted:
      request_ok(other.client, {{"msgid", 27}, {"password", other.account.password}});
      return;
  }
}

}  // namespace chat::test::rights

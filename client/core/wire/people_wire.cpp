#include "client/core/wire/people_wire.h"

#include <chrono>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/group_admin_messages.h"
#include "chat/protocol/messages/list_messages.h"
#include "chat/protocol/messages/profile_messages.h"
#include "client/core/text.h"

namespace chat::client {
namespace {

using nlohmann::json;
using protocol::Msgid;
namespace messages = protocol::messages;

Member member_of(const messages::MemberItem& item) {
  return {item.id, std::string(item.name), std::string(item.state), std::string(item.role),
          item.muted_until.value_or(0)};
}

std::vector<Member> members_of(const std::vector<messages::MemberItem>& items) {
  std::vector<Member> out;
  for (const messages::MemberItem& item : items) out.push_back(member_of(item));
  return out;
}

Person person_of(const messages::UserItem& item) {
  Person out;
  out.id = item.id;
  out.name = item.name;
  out.nick = text_of(item.nick);
  out.bio = text_of(item.bio);
  out.avatar = text_of(item.avatar);
  out.state = text_of(item.state);
  out.is_friend = item.is_friend.value_or(false);
  out.blocked = item.blocked.value_or(false);
  out.who_may_add = text_of(item.who_may_add);
  out.who_may_chat = text_of(item.who_may_chat);
  return out;
}

FriendRequest request_of(const messages::RequestItem& item) {
  return {{item.id, std::string(item.name)}, text_of(item.text), item.ts};
}

JoinRequest join_request_of(const messages::JoinRequestItem& item) {
  return {{item.groupid, std::string(item.groupname)},
          {item.id, std::string(item.name)},
          text_of(item.text)};
}

Invitation invitation_of(const messages::InvitationItem& item) {
  return {{item.groupid, std::string(item.groupname)}, {item.id, std::string(item.name)}};
}

// A list that the reply may lack.
template <typename Item, typename Convert>
auto list_of(const std::optional<std::vector<Item>>& items, Convert convert) {
  std::vector<decltype(convert(std::declval<const Item&>()))> out;
  if (!items) return out;
  for (const Item& item : *items) out.push_back(convert(item));
  return out;
}

Event::What read_add_friend(MessageReader& in, const json& body, const Question& question) {
  const auto reply = in.read<messages::AddFriendReply>(body);
  if (reply.pending) return event::Requested{question.who, {}};
  in.require(reply.added.has_value(), "friend");
  return event::FriendAdded{friend_of(reply.added.value_or(messages::FriendItem{}))};
}

Event::What read_friend_answer(MessageReader& in, const json& body, const Question& question) {
  const auto reply = in.read<messages::FriendAnswerReply>(body);
  if (!reply.added) return done_of(question);
  return event::FriendAdded{friend_of(*reply.added), true};
}

Event::What read_add_group(MessageReader& in, const json& body, const Question& question) {
  const auto reply = in.read<messages::AddGroupReply>(body);
  if (reply.pending) {
    GroupRef group = question.where;
    if (reply.group) group = {reply.group->id, std::string(reply.group->groupname)};
    return event::Requested{{}, std::move(group)};
  }
  in.require(reply.group.has_value(), "group");
  return event::GroupJoined{group_of(reply.group.value_or(messages::GroupItem{}))};
}

Event::What read_invite(MessageReader& in, const json& body, const Question& question) {
  const auto reply = in.read<messages::InviteReply>(body);
  if (!reply.code) return done_of(question);
  return event::InviteCode{question.where, text_of(reply.code), reply.expires.value_or(0)};
}

Event::What read_found(MessageReader& in, const json& body) {
  const auto reply = in.read<messages::FindReply>(body);
  if (reply.groups) {
    return event::GroupsFound{list_of(reply.groups, group_of), text_of(reply.cursor)};
  }
  return event::UsersFound{list_of(reply.users, person_of), text_of(reply.cursor)};
}

event::ListPage read_list(MessageReader& in, const json& body) {
  const auto reply = in.read<messages::ListReply>(body);
  event::ListPage out{list_of(reply.requests, request_of),
                      list_of(reply.sent_requests, request_of),
                      list_of(reply.blocked, person_of),
                      text_of(reply.cursor),
                      list_of(reply.join_requests, join_request_of),
                      list_of(reply.invitations, invitation_of)};
  if (reply.friends) out.friends = list_of(reply.friends, friend_of);
  if (reply.groups) out.groups = list_of(reply.groups, group_of);
  return out;
}

event::GroupShown read_group_info(MessageReader& in, const json& body, const Question& question) {
  const auto reply = in.read<messages::GroupInfoReply>(body);
  event::GroupShown out{group_of(reply.group), false, question.further, text_of(reply.cursor)};
  out.group.members = members_of(reply.users);
  out.group.all_members = out.cursor.empty();
  return out;
}

}  // namespace

event::Done done_of(const Question& question) {
  const bool timed = question.duration.count() > 0;
  const UnixMillis now = base::system_clock().unix_millis();
  const auto duration = std::chrono::milliseconds(question.duration).count();
  return {question.command, question.who, question.where, timed ? now + duration : 0};
}

Friend friend_of(const messages::FriendItem& item) {
  return {item.id, std::string(item.name), std::string(item.state)};
}

Group group_of(const messages::GroupItem& item) {
  Group out{item.id, std::string(item.groupname), std::string(item.groupdesc)};
  if (item.users) out.members = members_of(*item.users);
  out.all_members = !out.members.empty() && out.members.size() < protocol::kGroupUsersInReply;
  out.announcement = text_of(item.announcement);
  out.joining = text_of(item.joining);
  out.role = text_of(item.role);
  out.muted_until = item.muted_until.value_or(0);
  out.dismissed = item.dismissed;
  return out;
}

Event::What read_people_reply(MessageReader& in, const json& body, const Question& question) {
  switch (question.request) {
    case Msgid::kAddFriend: return read_add_friend(in, body, question);
    case Msgid::kCreateGroup:
      return event::GroupCreated{in.read<messages::CreateGroupReply>(body).groupid, question.name,
                                 question.desc};
    case Msgid::kAddGroup: return read_add_group(in, body, question);
    case Msgid::kFriendAnswer: return read_friend_answer(in, body, question);
    case Msgid::kUserInfo:
      return event::Profile{person_of(in.read<messages::UserInfoReply>(body).user)};
    case Msgid::kSetProfile:
      return event::Profile{person_of(in.read<messages::SetProfileReply>(body).user), true};
    case Msgid::kFind: return read_found(in, body);
    case Msgid::kList: return read_list(in, body);
    case Msgid::kGroupInfo: return read_group_info(in, body, question);
    case Msgid::kSetGroup:
      return event::GroupShown{group_of(in.read<messages::SetGroupReply>(body).group), true};
    case Msgid::kInvite: return read_invite(in, body, question);
    case Msgid::kRemoveFriend:
    case Msgid::kBlock:
    case Msgid::kLeaveGroup:
    case Msgid::kRemoveMember:
    case Msgid::kSetRole:
    case Msgid::kMute:
    case Msgid::kJoinAnswer:
    case Msgid::kDismissGroup: return done_of(question);
    default: return event::Pong{};
  }
}

event::Contact read_contact(MessageReader& in, const json& body) {
  const auto push = in.read<messages::ContactPush>(body);
  return {push.id, std::string(push.name), false, text_of(push.event), text_of(push.text)};
}

event::GroupChanged read_group_change(MessageReader& in, const json& body) {
  const auto push = in.read<messages::GroupPush>(body);
  event::GroupChanged out;
  out.group = push.groupid;
  out.change = push.change;
  out.id = push.id.value_or(UserId{});
  out.name = text_of(push.name);
  out.group_name = text_of(push.groupname);
  out.by.id = push.by.value_or(UserId{});
  if (!push.id) std::swap(out.name, out.by.name);  // of an invitation, the name is the inviter's
  out.text = text_of(push.text);
  return out;
}

std::string names_in(const Question& question) {
  std::string out;
  const auto add = [&out](std::string_view name, std::int32_t id) {
    if (name.empty() && id == 0) return;
    if (!out.empty()) out += ' ';
    out += name.empty() ? std::to_string(id) : shown_name(name);
  };
  add(question.where.name, question.where.id.value);
  add(question.who.name, question.who.id.value);
  add(question.name, 0);
  return out;
}

}  // namespace chat::client

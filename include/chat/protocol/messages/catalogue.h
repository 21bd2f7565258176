#pragma once

#include <tuple>

#include "chat/protocol/messages/account_messages.h"
#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/chat_pushes.h"
#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/group_admin_messages.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/protocol/messages/history_messages.h"
#include "chat/protocol/messages/inbox_messages.h"
#include "chat/protocol/messages/list_messages.h"
#include "chat/protocol/messages/login_messages.h"
#include "chat/protocol/messages/profile_messages.h"
#include "chat/protocol/messages/revision_messages.h"
#include "chat/protocol/messages/stream_messages.h"
#include "chat/protocol/messages/typing_messages.h"

namespace chat::protocol::messages {

// All requests, ascending by their numbers.
using Requests =
    std::tuple<Login, Logout, Register, OneChat, AddFriend, CreateGroup, AddGroup, GroupChat, Hello,
               Ping, Delivered, Read, Sync, History, ChangePassword, DeleteAccount, Sessions,
               RevokeSession, GroupInfo, List, FriendAnswer, RemoveFriend, Block, UserInfo,
               SetProfile, Find, LeaveGroup, RemoveMember, SetRole, Mute, SetGroup, JoinAnswer,
               Invite, DismissGroup, Recall, Edit, Typing, Readers, Inbox, SetConversation>;

using Replies =
    std::tuple<LoginReply, RegisterReply, LogoutReply, OneChatReply, AddFriendReply,
               CreateGroupReply, AddGroupReply, GroupChatReply, HelloReply, PingReply, SyncReply,
               HistoryReply, ChangePasswordReply, DeleteAccountReply, SessionsReply,
               RevokeSessionReply, GroupInfoReply, ListReply, FriendAnswerReply, RemoveFriendReply,
               BlockReply, UserInfoReply, SetProfileReply, FindReply, LeaveGroupReply,
               RemoveMemberReply, SetRoleReply, MuteReply, SetGroupReply, JoinAnswerReply,
               InviteReply, DismissGroupReply, RecallReply, EditReply, ReadersReply, InboxReply,
               SetConversationReply>;

using Pushes = std::tuple<OneChatPush, GroupChatPush, PresencePush, ContactPush, GroupPush,
                          ReceiptPush, ByePush, TypingPush, AnnouncementPush>;

}  // namespace chat::protocol::messages

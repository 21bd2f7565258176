#pragma once

// The message numbers (PROTOCOL.md, section 2).
namespace chat::protocol {

enum class Msgid : int {
  kLogin = 1,
  kLoginAck = 2,
  kLogout = 3,
  kRegister = 4,
  kRegisterAck = 5,
  kOneChat = 6,
  kAddFriend = 7,
  kCreateGroup = 8,
  kAddGroup = 9,
  kGroupChat = 10,
  kHello = 20,
  kPing = 21,
  kDelivered = 22,
  kRead = 23,
  kSync = 24,
  kHistory = 25,
  kChangePassword = 26,
  kDeleteAccount = 27,
  kSessions = 28,
  kRevokeSession = 29,
  kGroupInfo = 30,
  kList = 31,
  kFriendAnswer = 32,
  kRemoveFriend = 33,
  kBlock = 34,
  kUserInfo = 35,
  kSetProfile = 36,
  kFind = 37,
  kLeaveGroup = 40,
  kRemoveMember = 41,
  kSetRole = 42,
  kMute = 43,
  kSetGroup = 44,
  kJoinAnswer = 45,
  kInvite = 46,
  kDismissGroup = 47,
  kRecall = 50,
  kEdit = 51,
  kTyping = 52,
  kReaders = 53,
  kInbox = 54,
  kSetConversation = 55,
  kError = 100,  // errors that belong to no request
  kPresence = 200,
  kContact = 201,
  kGroup = 202,
  kReceipt = 203,
  kBye = 204,
  kTypingPush = 205,
  kAnnouncement = 207,
};

// The number of the reply: msgid + 100, except for the two original acks. kError for anything that
// is not the number of a request (1 … 99).
constexpr Msgid reply_to(Msgid request) {
  switch (request) {
    case Msgid::kLogin: return Msgid::kLoginAck;
    case Msgid::kRegister: return Msgid::kRegisterAck;
    default: break;
  }
  const int number = static_cast<int>(request);
  return number >= 1 && number <= 99 ? static_cast<Msgid>(number + 100) : Msgid::kError;
}

}  // namespace chat::protocol

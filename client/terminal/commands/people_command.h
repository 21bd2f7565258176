#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "client/core/contacts.h"

namespace chat::client {

class TerminalClient;

// Commands about people and groups (see command.h). What they name is as typed: an id or a name.
namespace command {

struct Find {
  bool groups = false;
  std::string query;
  void run(TerminalClient& client) const;
};
enum class UserAct : std::uint8_t { kInfo, kAdd, kAccept, kRefuse, kRemove, kBlock, kUnblock };
struct OnUser {
  UserAct act{};
  UserRef user;
  std::string text{};  // of a friend request
  void run(TerminalClient& client) const;
};
struct EditProfile {
  std::string field;  // "nick", "bio", "who-may-add" or "who-may-chat"; empty: show the profile
  std::string value{};
  void run(TerminalClient& client) const;
};
struct Friends {
  void run(TerminalClient& client) const;
};
struct Requests {
  void run(TerminalClient& client) const;
};
struct Blocked {
  void run(TerminalClient& client) const;
};

struct CreateGroup {
  std::string name;
  std::string desc;
  void run(TerminalClient& client) const;
};
struct Groups {
  void run(TerminalClient& client) const;
};
struct JoinGroup {
  GroupRef group;
  std::string text{};
  std::string code{};  // instead of a group
  void run(TerminalClient& client) const;
};
enum class GroupAct : std::uint8_t { kLeave, kDismiss, kDecline };
struct OnGroup {
  GroupAct act{};
  GroupRef group;
  void run(TerminalClient& client) const;
};
enum class MemberAct : std::uint8_t {
  kInvite,
  kKick,
  kPromote,
  kDemote,
  kHandOver,
  kAcceptJoin,
  kRefuseJoin
};
struct OnMember {
  MemberAct act{};
  GroupRef group;
  UserRef user;
  void run(TerminalClient& client) const;
};
struct MakeCode {
  GroupRef group;
  int days = 7;
  int uses = 10;
  void run(TerminalClient& client) const;
};
struct Mute {
  GroupRef group;
  std::optional<UserRef> user;       // nothing: all normal members
  std::chrono::seconds duration{0};  // 0: unmute
  void run(TerminalClient& client) const;
};
struct EditGroup {
  std::string command;  // "announce" or "group-settings"
  GroupRef group;
  std::string field{};  // "name", "desc", "joining" or "announcement"; empty: show the settings
  std::string value{};
  void run(TerminalClient& client) const;
};

// What others have asked of the user; nothing if nothing waits.
void show_waiting_requests(TerminalClient& client);

}  // namespace command
}  // namespace chat::client

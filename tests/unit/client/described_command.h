#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "client/terminal/commands/command_parser.h"

namespace chat::client::test {

inline std::string shown(const std::string& name, int id) {
  return id > 0 ? "#" + std::to_string(id) : "[" + name + "]";
}

inline std::string shown(const UserRef& user) {
  return shown(user.name, user.id.value);
}

inline std::string shown(const GroupRef& group) {
  return shown(group.name, group.id.value);
}

inline std::string shown(const command::Recipient& to) {
  return to.is_group ? "group " + shown(to.group) : shown(to.user);
}

// A command as text, for the tables of expectations.
struct Describe {
  std::string operator()(const command::Nothing&) const { return "nothing"; }
  std::string operator()(const command::Register& c) const {
    return "register [" + c.name + "] " + (c.password ? "[" + *c.password + "]" : "?");
  }
  std::string operator()(const command::Login& c) const {
    return "login " + shown(c.account) + " " + (c.password ? "[" + *c.password + "]" : "?") +
           (c.takeover ? " takeover" : "");
  }
  std::string operator()(const command::Logout&) const { return "logout"; }
  std::string operator()(const command::Find& c) const {
    return std::string(c.groups ? "find-groups" : "find") + " [" + c.query + "]";
  }
  std::string operator()(const command::OnUser& c) const {
    static constexpr const char* kWords[] = {"info",   "add",   "accept", "refuse",
                                             "remove", "block", "unblock"};
    const std::string text = c.text.empty() ? "" : " [" + c.text + "]";
    return kWords[static_cast<int>(c.act)] + (" " + shown(c.user)) + text;
  }
  std::string operator()(const command::EditProfile& c) const {
    return c.field.empty() ? "profile" : "profile " + c.field + " [" + c.value + "]";
  }
  std::string operator()(const command::Requests&) const { return "requests"; }
  std::string operator()(const command::Blocked&) const { return "blocked"; }
  std::string operator()(const command::OnGroup& c) const {
    const char* const word = c.act == command::GroupAct::kLeave     ? "leave "
                             : c.act == command::GroupAct::kDecline ? "decline "
                                                                    : "dismiss ";
    return word + shown(c.group);
  }
  std::string operator()(const command::OnMember& c) const {
    static constexpr const char* kWords[] = {"invite",   "kick",        "promote",    "demote",
                                             "handover", "accept-join", "refuse-join"};
    return kWords[static_cast<int>(c.act)] + (" " + shown(c.group)) + " " + shown(c.user);
  }
  std::string operator()(const command::MakeCode& c) const {
    return "code " + shown(c.group) + " " + std::to_string(c.days) + " " + std::to_string(c.uses);
  }
  std::string operator()(const command::Mute& c) const {
    return "mute " + shown(c.group) + (c.user ? " " + shown(*c.user) : "") + " " +
           std::to_string(c.duration.count());
  }
  std::string operator()(const command::EditGroup& c) const {
    const std::string value = c.field.empty() ? "" : " " + c.field + " [" + c.value + "]";
    return c.command + " " + shown(c.group) + value;
  }
  std::string operator()(const command::Friends&) const { return "friends"; }
  std::string operator()(const command::CreateGroup& c) const {
    return "creategroup [" + c.name + "] [" + c.desc + "]";
  }
  std::string operator()(const command::JoinGroup& c) const {
    if (!c.code.empty()) return "join --code [" + c.code + "]";
    return "join " + shown(c.group) + (c.text.empty() ? "" : " [" + c.text + "]");
  }
  std::string operator()(const command::Groups&) const { return "groups"; }
  std::string operator()(const command::Chat& c) const {
    return (c.to.is_group ? "" : "chat ") + shown(c.to) + " [" + c.text + "]";
  }
  std::string operator()(const command::Wait& c) const {
    return "wait " + std::to_string(c.duration.count());
  }
  std::string operator()(const command::WaitMessages& c) const {
    return "wait-messages " + std::to_string(c.count) + " " + std::to_string(c.timeout.count());
  }
  std::string operator()(const command::History& c) const {
    return "history " + shown(c.of) + " " + std::to_string(c.limit);
  }
  std::string operator()(const command::More&) const { return "more"; }
  std::string operator()(const command::Password&) const { return "password"; }
  std::string operator()(const command::DeleteAccount&) const { return "deleteaccount"; }
  std::string operator()(const command::Sessions&) const { return "sessions"; }
  std::string operator()(const command::Revoke& c) const { return "revoke [" + c.session + "]"; }
  std::string operator()(const command::Help&) const { return "help"; }
  std::string operator()(const command::Quit&) const { return "quit"; }
};

inline std::string describe(std::string_view line) {
  const auto command = parse_command(line);
  return command ? std::visit(Describe{}, *command) : "wrong";
}

struct Row {
  const char* line;
  const char* meaning;
};

}  // namespace chat::client::test

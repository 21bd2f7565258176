#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <type_traits>
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
  if (to.is_either) return "either " + shown(to.user);
  return to.is_group ? "group " + shown(to.group) : shown(to.user);
}

// "sessions" for command::Sessions.
template <typename Bare>
std::string name_of_type() {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("Bare = ") + 7);
  text = text.substr(0, text.find_first_of(";]"));
  text.remove_prefix(text.rfind(':') + 1);
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return name;
}

// A command as text, for the tables of expectations.
struct Describe {
  template <typename Bare>
  requires std::is_empty_v<Bare> std::string operator()(const Bare&) const {
    return name_of_type<Bare>();
  }
  std::string operator()(const command::Register& c) const {
    return "register [" + c.name + "] " + (c.password ? "[" + *c.password + "]" : "?");
  }
  std::string operator()(const command::Login& c) const {
    return "login " + shown(c.account) + " " + (c.password ? "[" + *c.password + "]" : "?") +
           (c.takeover ? " takeover" : "");
  }
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
  std::string operator()(const command::CreateGroup& c) const {
    return "creategroup [" + c.name + "] [" + c.desc + "]";
  }
  std::string operator()(const command::JoinGroup& c) const {
    if (!c.code.empty()) return "join --code [" + c.code + "]";
    return "join " + shown(c.group) + (c.text.empty() ? "" : " [" + c.text + "]");
  }
  std::string operator()(const command::Chat& c) const {
    return (c.to.is_group ? "" : "chat ") + shown(c.to) + " [" + c.text + "]";
  }
  std::string operator()(const command::Reply& c) const {
    return "reply " + std::to_string(c.number) + " [" + c.text + "]";
  }
  std::string operator()(const command::Edit& c) const {
    return "edit " + std::to_string(c.number) + " [" + c.text + "]";
  }
  std::string operator()(const command::Recall& c) const {
    return "recall " + std::to_string(c.number);
  }
  std::string operator()(const command::Readers& c) const {
    return "readers " + std::to_string(c.number);
  }
  std::string operator()(const command::SetConversation& c) const {
    static constexpr const char* kWords[] = {"pin", "unpin", "silence", "unsilence", "hide"};
    return kWords[static_cast<int>(c.setting)] + (" " + (c.of ? shown(*c.of) : "here"));
  }
  std::string operator()(const command::To& c) const {
    return c.ends ? "to none" : "to " + (c.to ? shown(*c.to) : "?");
  }
  std::string operator()(const command::Wait& c) const {
    return "wait " + std::to_string(c.duration.count());
  }
  std::string operator()(const command::WaitMessages& c) const {
    return "wait-messages " + std::to_string(c.count) + " " + std::to_string(c.timeout.count());
  }
  std::string operator()(const command::History& c) const {
    return "history " + (c.of ? shown(*c.of) : "here") + " " + std::to_string(c.limit);
  }
  std::string operator()(const command::Help& c) const {
    return c.about.empty() ? "help" : "help [" + c.about + "]";
  }
  std::string operator()(const command::Revoke& c) const { return "revoke [" + c.session + "]"; }
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

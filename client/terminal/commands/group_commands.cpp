// The commands about groups.
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "client/terminal/commands/command_row.h"

namespace chat::client {
namespace {

using command::GroupAct;
using command::MemberAct;

constexpr const char* kOneName = "a name with spaces goes in quotation marks";

Parsed parse_find_groups(std::string_view rest) {
  std::string query = whole_name(rest);
  if (query.empty()) return wrong("/find-groups TEXT: the beginning of a name, or an ID");
  return command::Find{true, std::move(query)};
}

Parsed to_create_group(std::string_view name, std::string_view desc) {
  if (name.empty()) return wrong("/creategroup NAME [DESCRIPTION]");
  return command::CreateGroup{std::string(name), std::string(trim(desc))};
}

Parsed parse_create_group(std::string_view rest) {
  const TypedName name = take_name(rest);
  return to_create_group(name.text, rest);
}

Parsed parse_original_create_group(std::string_view rest) {
  const std::string_view name = take_until(rest, ':');
  return to_create_group(trim(name), rest);
}

Parsed parse_join(std::string_view rest) {
  constexpr const char* kUsage = "/join GROUP [TEXT], or /join --code CODE";
  const TypedName name = take_name(rest);
  if (name.text == "--code" && !name.quoted) {
    const std::string_view code = take_word(rest);
    if (code.empty() || !trim(rest).empty()) return wrong(kUsage);
    return command::JoinGroup{{}, "", std::string(code)};
  }
  auto group = to_group(name);
  if (!group) return wrong(kUsage + (": " + group.error()));
  // The admins would read the code.
  if (rest.find("--code") != rest.npos) return wrong(kUsage);
  return command::JoinGroup{std::move(*group), std::string(trim(rest))};
}

Parsed parse_original_join(std::string_view rest) {
  auto group = to_group({trim(rest), false});
  if (!group) return wrong("addgroup:ID: " + group.error());
  return command::JoinGroup{std::move(*group)};
}

template <GroupAct Act>
Parsed parse_on_group(std::string_view rest) {
  auto group = to_group(take_name(rest));
  if (!group) return wrong("this command takes the name or the ID of a group: " + group.error());
  if (!trim(rest).empty()) return wrong(std::string("this command takes one name; ") + kOneName);
  return command::OnGroup{Act, std::move(*group)};
}

template <MemberAct Act>
Parsed parse_on_member(std::string_view rest) {
  auto group = to_group(take_name(rest));
  if (!group) return wrong("this command takes a group and a user: " + group.error());
  auto user = to_user(take_name(rest));
  if (!user) return wrong("this command takes a group and a user: " + user.error());
  if (!trim(rest).empty()) {
    return wrong(std::string("this command takes a group and a user; ") + kOneName);
  }
  return command::OnMember{Act, std::move(*group), std::move(*user)};
}

Parsed parse_invite(std::string_view rest) {
  constexpr const char* kUsage =
      "/invite GROUP NAME, or /invite GROUP --code [DAYS USES]; DAYS 1 to 30, USES 1 to 1000";
  constexpr int kDaysMost = 30;
  constexpr int kUsesMost = 1000;
  const std::string_view whole = rest;
  auto group = to_group(take_name(rest));
  if (!group) return wrong(kUsage);
  if (take_word(rest) != "--code") return parse_on_member<MemberAct::kInvite>(whole);
  command::MakeCode out{std::move(*group)};
  if (trim(rest).empty()) return out;
  const auto days = parse_number(take_word(rest));
  const auto uses = parse_number(rest);
  if (!days || !uses || *days > kDaysMost || *uses > kUsesMost) return wrong(kUsage);
  out.days = *days;
  out.uses = *uses;
  return out;
}

// The last word is the duration, what stands before it a member.
Parsed parse_mute(std::string_view rest) {
  constexpr const char* kUsage =
      "/mute GROUP [NAME] DURATION: 30s, 10m, 2h or 3d, at most 30d; without a name, all normal "
      "members";
  auto group = to_group(take_name(rest));
  if (!group) return wrong(kUsage);
  rest = trim(rest);
  const auto blank = rest.rfind(' ');
  const bool alone = blank == std::string_view::npos;
  const auto duration = parse_duration(alone ? rest : rest.substr(blank + 1));
  if (!duration || *duration > std::chrono::days(30)) return wrong(kUsage);
  command::Mute out{std::move(*group), {}, *duration};
  if (alone) return out;
  std::string_view who = trim(rest.substr(0, blank));
  auto user = to_user(take_name(who));
  if (!user || !trim(who).empty()) return wrong(kUsage);
  out.user = std::move(*user);
  return out;
}

Parsed parse_unmute(std::string_view rest) {
  constexpr const char* kUsage = "/unmute GROUP [NAME]";
  auto group = to_group(take_name(rest));
  if (!group) return wrong(kUsage);
  command::Mute out{std::move(*group), {}, {}};
  if (trim(rest).empty()) return out;
  auto user = to_user(take_name(rest));
  if (!user || !trim(rest).empty()) return wrong(kUsage);
  out.user = std::move(*user);
  return out;
}

Parsed parse_announce(std::string_view rest) {
  auto group = to_group(take_name(rest));
  if (!group || trim(rest).empty()) return wrong("/announce GROUP TEXT; \"\" for no text");
  return command::EditGroup{"announce", std::move(*group), "announcement", whole_text(rest)};
}

Parsed parse_group_settings(std::string_view rest) {
  constexpr const char* kUsage =
      "/group-settings GROUP [name TEXT | desc TEXT | joining open|approval|invite]";
  auto group = to_group(take_name(rest));
  if (!group) return wrong(kUsage);
  command::EditGroup out{"group-settings", std::move(*group)};
  out.field = take_word(rest);
  if (out.field.empty()) return out;
  out.value = whole_text(rest);
  const bool text = (out.field == "name" || out.field == "desc") && !trim(rest).empty();
  const bool joining = out.field == "joining" &&
                       (out.value == "open" || out.value == "approval" || out.value == "invite");
  return text || joining ? Parsed(out) : wrong(kUsage);
}

constexpr std::array<Takes, 2> kGroupAndUser{Takes::kGroup, Takes::kUser};

constexpr CommandRow kGroupRows[] = {
    {.word = "/groups",
     .help = "  /groups                           your groups; /group-settings shows the members\n",
     .parse = parse_bare<command::Groups>},
    {.word = "/find-groups",
     .help = "  /find-groups TEXT                 groups whose name begins like this\n",
     .parse = parse_find_groups},
    {.word = "/creategroup",
     .help = "  /creategroup NAME [DESCRIPTION]   create a group                      "
             "(creategroup:NAME:DESC)\n",
     .parse = parse_create_group,
     .original = "creategroup",
     .parse_original = parse_original_create_group},
    {.word = "/join",
     .help =
         "  /join GROUP [TEXT]                join a group, or ask to             (addgroup:ID)\n"
         "  /join --code CODE                 join with the code of an invitation\n",
     .parse = parse_join,
     .original = "addgroup",
     .parse_original = parse_original_join,
     .takes = {Takes::kGroup}},
    {.word = "/leave",
     .help = "  /leave GROUP                      leave a group\n",
     .parse = parse_on_group<GroupAct::kLeave>,
     .takes = {Takes::kGroup}},
    {.word = "/decline",
     .help = "  /decline GROUP                    decline an invitation\n",
     .parse = parse_on_group<GroupAct::kDecline>,
     .takes = {Takes::kGroup}},
    {.word = "/invite",
     .help =
         "  /invite GROUP NAME                invite a user\n"
         "  /invite GROUP --code [DAYS USES]  make a code for whoever has it (7 days, 10 uses)\n",
     .parse = parse_invite,
     .takes = kGroupAndUser},
    {.word = "/accept-join",
     .help = "  /accept-join GROUP NAME           let in a user who asked to join\n",
     .parse = parse_on_member<MemberAct::kAcceptJoin>,
     .takes = kGroupAndUser},
    {.word = "/refuse-join",
     .help = "  /refuse-join GROUP NAME           refuse that\n",
     .parse = parse_on_member<MemberAct::kRefuseJoin>,
     .takes = kGroupAndUser},
    {.word = "/kick",
     .help = "  /kick GROUP NAME                  remove a member\n",
     .parse = parse_on_member<MemberAct::kKick>,
     .takes = kGroupAndUser},
    {.word = "/mute",
     .help =
         "  /mute GROUP [NAME] DURATION       forbid a member, or all, to write (10m, 2h, 3d)\n",
     .parse = parse_mute,
     .takes = kGroupAndUser},
    {.word = "/unmute",
     .help = "  /unmute GROUP [NAME]              allow it again\n",
     .parse = parse_unmute,
     .takes = kGroupAndUser},
    {.word = "/promote",
     .help = "  /promote GROUP NAME               make a member an admin\n",
     .parse = parse_on_member<MemberAct::kPromote>,
     .takes = kGroupAndUser},
    {.word = "/demote",
     .help = "  /demote GROUP NAME                make an admin a normal member\n",
     .parse = parse_on_member<MemberAct::kDemote>,
     .takes = kGroupAndUser},
    {.word = "/handover",
     .help = "  /handover GROUP NAME              make a member the owner; you become an admin\n",
     .parse = parse_on_member<MemberAct::kHandOver>,
     .takes = kGroupAndUser},
    {.word = "/announce",
     .help = "  /announce GROUP TEXT              set the announcement\n",
     .parse = parse_announce,
     .takes = {Takes::kGroup}},
    {.word = "/group-settings",
     .help = "  /group-settings GROUP             a group's settings and announcement\n"
             "  /group-settings GROUP name|desc TEXT   change them\n"
             "  /group-settings GROUP joining open|approval|invite\n",
     .parse = parse_group_settings,
     .takes = {Takes::kGroup, Takes::kWord},
     .words = "name desc joining"},
    {.word = "/dismiss",
     .help = "  /dismiss GROUP                    end a group for all; asks first\n",
     .parse = parse_on_group<GroupAct::kDismiss>,
     .takes = {Takes::kGroup}},
};

}  // namespace

std::span<const CommandRow> group_rows() {
  return kGroupRows;
}

}  // namespace chat::client

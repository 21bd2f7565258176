// The commands of chatctl. To add one: a function here and its row in kCommands; its subcommand in
// client/control/control_options.cpp; how its result is shown in client/control/control_report.cpp.
//
// Times are in ms since 1970. Lists are pages: `after` in the result is what to ask for next.
#include "server/admin/admin_commands.h"

#include <exception>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "server/admin/admin_message.h"

namespace chat::server {
namespace {

using service::Moderation;
using service::Operator;
using storage::GroupOverview;
using storage::UserOverview;
using Answer = Result<AdminJson>;

constexpr std::int64_t kPage = 50;

AdminJson json_of(const UserOverview& user) {
  AdminJson json{{"id", user.id.value},
                 {"name", user.name},
                 {"state", user.online ? "online" : "offline"},
                 {"created", user.created_at}};
  if (user.disabled_at != 0) json["disabled"] = user.disabled_at;
  return json;
}

AdminJson json_of(const service::SessionOverview& session) {
  AdminJson json{{"id", session.user.value}, {"name", session.name}, {"node", session.node}};
  if (session.since == 0) return json;
  json["address"] = session.address;
  json["since"] = session.since;
  json["client"] = session.client;
  return json;
}

AdminJson json_of(const GroupOverview& group) {
  AdminJson json{{"id", group.id.value},
                 {"name", group.name},
                 {"desc", group.desc},
                 {"members", group.members},
                 {"messages", group.messages}};
  if (group.creator) {
    json["creator"] = AdminJson{{"id", group.creator.value}, {"name", group.creator_name}};
  }
  if (group.dismissed_at != 0) json["dismissed"] = group.dismissed_at;
  return json;
}

struct Paging {
  std::int32_t after = 0;
  std::size_t limit = 0;

  std::size_t asked() const { return limit + 1; }  // the last row only shows that there are more
};

// A page under `name`, with `after` if there are more rows.
template <typename Row>
Answer page_of(const char* name, const Result<std::vector<Row>>& rows, const Paging& paging) {
  if (!rows) return fail(rows);
  AdminJson list = AdminJson::array();
  for (const Row& row : *rows) {
    if (list.size() < paging.limit) list.push_back(json_of(row));
  }
  AdminJson page{{name, list}};
  if (rows->size() > paging.limit) page["after"] = list.back()["id"];
  return page;
}

Paging paging_of(AdminArguments& arguments) {
  Paging paging;
  paging.after = static_cast<std::int32_t>(arguments.number_or("after", 0));
  paging.limit =
      static_cast<std::size_t>(arguments.number_or("limit", kPage, 1, Moderation::kPageMax));
  return paging;
}

Answer list_users(Moderation& moderation, AdminArguments& arguments, Operator /*by*/) {
  const std::string prefix = arguments.text_or("prefix", "");
  const Paging paging = paging_of(arguments);
  if (auto done = arguments.finish(); !done) return fail(done);
  return page_of("users", moderation.users(prefix, UserId{paging.after}, paging.asked()), paging);
}

Answer list_sessions(Moderation& moderation, AdminArguments& arguments, Operator /*by*/) {
  const Paging paging = paging_of(arguments);
  if (auto done = arguments.finish(); !done) return fail(done);
  return page_of("sessions", moderation.sessions(UserId{paging.after}, paging.asked()), paging);
}

Answer list_groups(Moderation& moderation, AdminArguments& arguments, Operator /*by*/) {
  const std::string prefix = arguments.text_or("prefix", "");
  const Paging paging = paging_of(arguments);
  if (auto done = arguments.finish(); !done) return fail(done);
  return page_of("groups", moderation.groups(prefix, GroupId{paging.after}, paging.asked()),
                 paging);
}

Answer show_user(Moderation& moderation, AdminArguments& arguments, Operator /*by*/) {
  const std::string who = arguments.required_text("user");
  if (auto done = arguments.finish(); !done) return fail(done);
  const auto user = moderation.find_user(who);
  if (!user) return fail(user);
  AdminJson json{{"user", json_of(*user)}};
  if (const auto session = moderation.session_of(*user)) json["session"] = json_of(*session);
  return json;
}

Answer show_group(Moderation& moderation, AdminArguments& arguments, Operator /*by*/) {
  const auto id = arguments.required_id("id");
  if (auto done = arguments.finish(); !done) return fail(done);
  const auto group = moderation.group(GroupId{static_cast<std::int32_t>(id)});
  if (!group) return fail(group);
  return AdminJson{{"group", json_of(*group)}};
}

// An act on a user that only says whether it changed something.
using UserAct = Result<bool> (Moderation::*)(Operator by, UserId user);

template <UserAct act>
Answer act_on_user(Moderation& moderation, AdminArguments& arguments, Operator by) {
  const std::string who = arguments.required_text("user");
  if (auto done = arguments.finish(); !done) return fail(done);
  const auto user = moderation.find_user(who);
  if (!user) return fail(user);
  const auto changed = (moderation.*act)(by, user->id);
  if (!changed) return fail(changed);
  return AdminJson{{"id", user->id.value}, {"name", user->name}, {"changed", *changed}};
}

Answer dismiss(Moderation& moderation, AdminArguments& arguments, Operator by) {
  const auto id = arguments.required_id("id");
  if (auto done = arguments.finish(); !done) return fail(done);
  const auto group = moderation.group(GroupId{static_cast<std::int32_t>(id)});
  if (!group) return fail(group);
  const auto changed = moderation.dismiss(by, group->id);
  if (!changed) return fail(changed);
  return AdminJson{{"id", group->id.value}, {"name", group->name}, {"changed", *changed}};
}

Answer reset_password(Moderation& moderation, AdminArguments& arguments, Operator by) {
  const std::string who = arguments.required_text("user");
  auto given = arguments.text("password");
  if (auto done = arguments.finish(); !done) return fail(done);
  const auto user = moderation.find_user(who);
  if (!user) return fail(user);
  const bool random = !given;
  const auto password = moderation.reset_password(by, user->id, std::move(given));
  if (!password) return fail(password);
  AdminJson json{{"id", user->id.value}, {"name", user->name}};
  if (random) json["password"] = *password;
  return json;
}

Answer announce(Moderation& moderation, AdminArguments& arguments, Operator by) {
  const std::string text = arguments.required_text("text");
  if (auto done = arguments.finish(); !done) return fail(done);
  if (auto done = moderation.announce(by, text); !done) return fail(done);
  return AdminJson::object();
}

Answer registration(Moderation& moderation, AdminArguments& arguments, Operator by) {
  const auto word = arguments.text("mode");
  if (auto done = arguments.finish(); !done) return fail(done);
  if (word) {
    const auto mode = storage::registration_mode(*word);
    if (!mode) return fail(ErrorCode::kInvalidArgument, "mode must be open, closed or invite");
    if (auto done = moderation.set_registration(by, *mode); !done) return fail(done);
  }
  const auto mode = moderation.registration();
  if (!mode) return fail(mode);
  return AdminJson{{"registration", storage::to_string(*mode)}};
}

Answer invite_code(Moderation& moderation, AdminArguments& arguments, Operator by) {
  const auto days = arguments.number_or("days", 7);
  const auto uses = arguments.number_or("uses", 1);
  if (auto done = arguments.finish(); !done) return fail(done);
  const auto made = moderation.make_invite_code(by, days, uses);
  if (!made) return fail(made);
  return AdminJson{{"code", made->code}, {"expires", made->expires_at}, {"uses", uses}};
}

struct Command {
  std::string_view name;
  Answer (*run)(Moderation& moderation, AdminArguments& arguments, Operator by);
};

constexpr Command kCommands[] = {
    {"users", list_users},
    {"who", list_sessions},
    {"user", show_user},
    {"kick", act_on_user<&Moderation::kick>},
    {"disable", act_on_user<&Moderation::disable>},
    {"enable", act_on_user<&Moderation::enable>},
    {"reset-password", reset_password},
    {"delete", act_on_user<&Moderation::remove>},
    {"groups", list_groups},
    {"group", show_group},
    {"dismiss", dismiss},
    {"announce", announce},
    {"registration", registration},
    {"invite-code", invite_code},
};

Answer run(Moderation& moderation, std::string_view line, std::uint32_t uid) {
  auto request = parse_admin_request(line);
  if (!request) return fail(request);
  for (const Command& command : kCommands) {
    if (command.name == request->command) {
      return command.run(moderation, request->arguments, Operator{uid});
    }
  }
  return fail(ErrorCode::kInvalidArgument, "this server has no command " + request->command);
}

}  // namespace

std::string AdminCommands::answer(std::string_view line, std::uint32_t uid) {
  try {
    return admin_reply(run(moderation_, line, uid));
  } catch (const std::exception& error) {
    log::error("event=admin_command_failed what={}", log::quoted(error.what()));
    return admin_reply(fail(ErrorCode::kInternal, "something went wrong here; see the log"));
  }
}

}  // namespace chat::server

#include "client/control/control_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/protocol/local_time.h"
#include "client/core/code_points.h"
#include "client/core/text.h"

namespace chat::client::control {
namespace {

using Row = std::vector<std::string>;

std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (const char32_t code : to_code_points(text)) {
    width += static_cast<std::size_t>(cells_of(code));
  }
  return width;
}

// Columns as wide as their widest cell.
std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += row[i];
      line.append(widths[i] - width_of(row[i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string text_in(const ControlJson& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return "";
  return found->is_string() ? harmless(found->get<std::string>()) : found->dump();
}

std::string name_in(const ControlJson& object) {
  return shown_name(object.value("name", ""));
}

std::string time_in(const ControlJson& object, const char* key) {
  const auto when = object.value(key, UnixMillis{0});
  return when == 0 ? "" : protocol::local_time_text(when);
}

Row user_row(const ControlJson& user) {
  return {text_in(user, "id"), name_in(user), text_in(user, "state"), time_in(user, "created"),
          time_in(user, "disabled")};
}

Row session_row(const ControlJson& session) {
  return {text_in(session, "id"),      name_in(session),          text_in(session, "node"),
          text_in(session, "address"), time_in(session, "since"), text_in(session, "client")};
}

std::string creator_of(const ControlJson& group) {
  const auto creator = group.find("creator");
  return creator == group.end() ? "" : named(*creator);
}

Row group_row(const ControlJson& group) {
  return {text_in(group, "id"),       name_in(group),    text_in(group, "members"),
          text_in(group, "messages"), creator_of(group), time_in(group, "dismissed")};
}

// As a shell takes it for one argument.
std::string for_shell(const std::string& text) {
  const std::string shown = harmless(text);
  if (shown.find_first_of(" \t'\"\\$&;|<>()*?[]#~`!") == shown.npos) return shown;
  std::string quoted = "'";
  for (const char c : shown) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// The command for the next page.
std::string more_of(const ControlOptions& options, const ControlJson& result) {
  if (!result.contains("after")) return "";
  std::string command = "chatctl " + options.command;
  for (const auto& [name, value] : options.arguments) {
    if (const auto* text = std::get_if<std::string>(&value)) command += " " + for_shell(*text);
    if (name == "limit") command += fmt::format(" --limit {}", std::get<std::int64_t>(value));
  }
  return fmt::format("There are more: {} --after {}\n", command, text_in(result, "after"));
}

template <typename ToRow>
std::string page(const ControlOptions& options, const ControlJson& result, const char* list,
                 Row head, ToRow to_row) {
  std::vector<Row> rows{std::move(head)};
  for (const ControlJson& item : result.value(list, ControlJson::array())) {
    rows.push_back(to_row(item));
  }
  if (rows.size() == 1) return "none\n";
  return table(rows) + more_of(options, result);
}

// Only what is known.
std::string facts(std::vector<Row> rows) {
  std::erase_if(rows, [](const Row& row) { return row[1].empty(); });
  return rows.empty() ? "" : table(rows);
}

std::string user_text(const ControlJson& result) {
  const ControlJson user = result.value("user", ControlJson::object());
  const ControlJson session = result.value("session", ControlJson::object());
  return facts({{"id", text_in(user, "id")},
                {"name", name_in(user)},
                {"state", text_in(user, "state")},
                {"created", time_in(user, "created")},
                {"disabled", time_in(user, "disabled")},
                {"node", text_in(session, "node")},
                {"address", text_in(session, "address")},
                {"since", time_in(session, "since")},
                {"client", text_in(session, "client")}});
}

std::string group_text(const ControlJson& result) {
  const ControlJson group = result.value("group", ControlJson::object());
  return facts({{"id", text_in(group, "id")},
                {"name", name_in(group)},
                {"about", text_in(group, "desc")},
                {"members", text_in(group, "members")},
                {"messages", text_in(group, "messages")},
                {"creator", creator_of(group)},
                {"dismissed", time_in(group, "dismissed")}});
}

std::string password_text(const ControlJson& result) {
  if (!result.contains("password")) return named(result) + " has the new password\n";
  return fmt::format("The new password of {} is {}\nTell it to the user, who should change it.\n",
                     named(result), text_in(result, "password"));
}

std::string invite_text(const ControlJson& result) {
  const auto uses = result.value("uses", std::int64_t{1});
  return fmt::format("{}\nIt is valid until {}, for {} registration{}.\n", text_in(result, "code"),
                     time_in(result, "expires"), uses, uses == 1 ? "" : "s");
}

struct ActText {
  std::string_view command;
  std::string_view changed;
  std::string_view unchanged;
};
constexpr ActText kActTexts[] = {
    {"kick", "{} was logged out", "{} is not online"},
    {"disable", "{} is disabled", "{} was disabled already"},
    {"enable", "{} is enabled", "{} was not disabled"},
    {"delete", "{} was deleted", "{} was deleted"},
    {"dismiss", "{} was dismissed", "{} was dismissed already"},
};

}  // namespace

std::string named(const ControlJson& who) {
  return fmt::format("{} ({})", name_in(who), text_in(who, "id"));
}

std::string to_text(const ControlOptions& options, const ControlJson& result) {
  const std::string& command = options.command;
  if (command == "users") {
    return page(options, result, "users", {"ID", "NAME", "STATE", "CREATED", "DISABLED"}, user_row);
  }
  if (command == "who") {
    return page(options, result, "sessions", {"ID", "NAME", "NODE", "ADDRESS", "SINCE", "CLIENT"},
                session_row);
  }
  if (command == "groups") {
    return page(options, result, "groups",
                {"ID", "NAME", "MEMBERS", "MESSAGES", "CREATOR", "DISMISSED"}, group_row);
  }
  if (command == "user") return user_text(result);
  if (command == "group") return group_text(result);
  if (command == "reset-password") return password_text(result);
  if (command == "invite-code") return invite_text(result);
  if (command == "registration") {
    return fmt::format("registration: {}\n", text_in(result, "registration"));
  }
  if (command == "announce") return "sent to everybody who is online\n";
  for (const ActText& act : kActTexts) {
    if (act.command != command) continue;
    const auto text = result.value("changed", true) ? act.changed : act.unchanged;
    return fmt::format(fmt::runtime(text), named(result)) + "\n";
  }
  return "";
}

}  // namespace chat::client::control

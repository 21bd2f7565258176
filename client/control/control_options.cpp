#include "client/control/control_options.h"

#include <limits>

#include "chat/base/option_parser.h"
#include "chat/base/version.h"

namespace chat::client::control {
namespace {

using base::OptionParser;

constexpr std::uint64_t kIdMax = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t kPageMax = 1000;

constexpr const char* kFooter =
    "USER is an id or a name; =NAME is always a name, also if it consists of digits. Commands "
    "work\n"
    "for the whole cluster, on any of its servers. They reach the server through its socket\n"
    "(server.admin_socket), which only the user that runs the server, and root, can use. Run "
    "chatctl\n"
    "in the server's folder, or name the socket or the configuration file.\n\n"
    "Exit codes: 0 done; 1 no server answers, or it refused the command; 2 wrong usage.";

// Declares the commands.
class Commands {
 public:
  Commands(OptionParser& parser, ControlOptions& out) : parser_(parser), out_(out) {}

  void add_lists() {
    auto& users = list("users", "list the accounts, by id, or those whose name begins with PREFIX");
    text(users, "PREFIX", "prefix", "the beginning of a name");
    list("who",
         "list who is online in the whole cluster. Address, time and client are\n"
         "known of the sessions on the asked server only");
    auto& groups = list("groups", "list the groups, by id, or those whose name begins with PREFIX");
    text(groups, "PREFIX", "prefix", "the beginning of a name");
  }

  void add_acts_on_users() {
    user("user", "show an account and its session");
    user("kick", "end a user's session; the user may log in again");
    user("disable", "end a user's session, revoke its tokens and refuse its logins");
    user("enable", "undo disable");
    auto& reset = user("reset-password",
                       "set a new password, revoke the tokens and end the session; prints a\n"
                       "random password, which the user should change");
    reset.flag("--prompt", out_.prompt, "ask for the password instead of making one");
    confirmed(user("delete", "delete an account; its messages stay with those who have them"));
  }

  void add_acts_on_groups() {
    id(command("group", "show a group"));
    confirmed(id(command("dismiss", "dismiss a group: it can be read, but not written to")));
  }

  void add_rest() {
    text(command("announce", "send a text to everybody who is online"), "TEXT", "text", "the text")
        .required();
    auto& registration =
        command("registration", "show or set who may register; invite: only with a code");
    text(registration, "MODE", "mode", "open, closed or invite")
        .check(base::is_one_of({"open", "closed", "invite"}));
    auto& invite = command("invite-code", "make a code for registration by invitation");
    number(invite, "--days", "days", 365, "how long it is valid [7]");
    number(invite, "--uses", "uses", 10'000, "for how many registrations [1]");
  }

 private:
  OptionParser& command(const char* name, const char* help) { return parser_.command(name, help); }

  base::Option& text(OptionParser& command, const char* option, const char* argument,
                     const char* help) {
    const auto take = [this, argument](const std::string& given) {
      out_.arguments[argument] = given;
      return std::string();
    };
    return command.value(option, take, help);
  }

  base::Option& number(OptionParser& command, const char* option, const char* argument,
                       std::uint64_t most, const char* help) {
    const auto store = [this, argument](std::uint64_t given) {
      out_.arguments[argument] = static_cast<std::int64_t>(given);
    };
    return command.whole_number(option, store, 1, most, help);
  }

  OptionParser& list(const char* name, const char* help) {
    auto& found = command(name, help);
    number(found, "--after", "after", kIdMax,
           "continue after this one, the last of the page before")
        .value_name("ID");
    number(found, "--limit", "limit", kPageMax, "how many to list [50]");
    return found;
  }

  OptionParser& user(const char* name, const char* help) {
    auto& found = command(name, help);
    text(found, "USER", "user", "an id or a name").required();
    return found;
  }

  OptionParser& id(OptionParser& command) {
    number(command, "ID", "id", kIdMax, "the group's id").required();
    return command;
  }

  void confirmed(OptionParser& command) {
    command.flag("--yes", out_.yes, "do not ask for confirmation");
  }

  OptionParser& parser_;
  ControlOptions& out_;
};

}  // namespace

ControlOptions parse_options(int argc, const char* const* argv) {
  ControlOptions out;
  OptionParser parser("chatctl", "chatctl: command a running chat server");
  parser.set_version("chatctl " + std::string(base::version()));
  parser.set_footer(kFooter);
  parser.text("--socket", out.socket, "the server's socket").value_name("PATH");
  parser.text("-c,--config", out.config, "the server's configuration, which names the socket")
      .value_name("FILE");
  parser.flag("--json", out.json, "print the result as one JSON object");
  Commands commands(parser, out);
  commands.add_lists();
  commands.add_acts_on_users();
  commands.add_acts_on_groups();
  commands.add_rest();
  out.leave = parser.parse_or_leave(argc, argv);
  out.command = parser.chosen_command();
  return out;
}

}  // namespace chat::client::control

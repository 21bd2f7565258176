#include "client/control/control_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <limits>

#include "chat/base/version.h"

namespace chat::client::control {
namespace {

constexpr int kIdMax = std::numeric_limits<std::int32_t>::max();
constexpr int kPageMax = 1000;

constexpr const char* kFooter =
    "USER is an id or a name; =NAME is always a name, also if it consists of digits. Commands "
    "work\n"
    "for the whole cluster, on any of its servers. They reach the server through its socket\n"
    "(server.admin_socket), which only the user that runs the server, and root, can use. Run "
    "chatctl\n"
    "in the server's folder, or name the socket or the configuration file.\n\n"
    "Exit codes: 0 done; 1 no server answers, or it refused the command; 2 wrong usage.";

// Declares the commands; each callback fills the options when its command was given.
class Commands {
 public:
  Commands(CLI::App& app, ControlOptions& out) : app_(app), out_(out) {}

  void add_lists() {
    auto* users = list("users", "list the accounts, by id, or those whose name begins with PREFIX");
    text(users, "PREFIX", "prefix")->description("the beginning of a name");
    list("who",
         "list who is online in the whole cluster. Address, time and client are known of the\n"
         "sessions on the asked server only");
    auto* groups = list("groups", "list the groups, by id, or those whose name begins with PREFIX");
    text(groups, "PREFIX", "prefix")->description("the beginning of a name");
  }

  void add_acts_on_users() {
    user("user", "show an account and its session");
    user("kick", "end a user's session; the user may log in again");
    user("disable", "end a user's session, revoke its tokens and refuse its logins");
    user("enable", "undo disable");
    auto* reset =
        user("reset-password",
             "set a new password, revoke the tokens and end the session; prints a random\n"
             "password, which the user should change");
    reset->add_flag("--prompt", out_.prompt, "ask for the password instead of making one");
    confirmed(user("delete", "delete an account; its messages stay with those who have them"));
  }

  void add_acts_on_groups() {
    id(command("group", "show a group"));
    confirmed(id(command("dismiss", "dismiss a group: it can be read, but not written to")));
  }

  void add_rest() {
    text(command("announce", "send a text to everybody who is online"), "TEXT", "text")->required();
    auto* registration =
        command("registration", "show or set who may register; invite: only with a code");
    text(registration, "MODE", "mode")
        ->description("open, closed or invite")
        ->check(CLI::IsMember({"open", "closed", "invite"}));
    auto* invite = command("invite-code", "make a code for registration by invitation");
    number(invite, "--days", "days", 365)->description("how long it is valid [7]");
    number(invite, "--uses", "uses", 10'000)->description("for how many registrations [1]");
  }

 private:
  CLI::App* command(const char* name, const char* help) {
    auto* found = app_.add_subcommand(name, help);
    found->callback([this, name] { out_.command = name; });
    return found;
  }

  CLI::Option* text(CLI::App* command, const char* option, const char* argument) {
    return command->add_option_function<std::string>(
        option, [this, argument](const std::string& given) { out_.arguments[argument] = given; });
  }

  CLI::Option* number(CLI::App* command, const char* option, const char* argument, int most) {
    return command
        ->add_option_function<std::int64_t>(
            option,
            [this, argument](const std::int64_t& given) { out_.arguments[argument] = given; })
        ->check(CLI::Range(1, most));
  }

  CLI::App* list(const char* name, const char* help) {
    auto* found = command(name, help);
    number(found, "--after", "after", kIdMax)
        ->type_name("ID")
        ->description("continue after this one, the last of the page before");
    number(found, "--limit", "limit", kPageMax)
        ->type_name("N")
        ->description("how many to list [50]");
    return found;
  }

  CLI::App* user(const char* name, const char* help) {
    auto* found = command(name, help);
    text(found, "USER", "user")->required()->description("an id or a name");
    return found;
  }

  CLI::App* id(CLI::App* command) {
    number(command, "ID", "id", kIdMax)->required()->description("the group's id");
    return command;
  }

  void confirmed(CLI::App* command) {
    command->add_flag("--yes", out_.yes, "do not ask for confirmation");
  }

  CLI::App& app_;
  ControlOptions& out_;
};

// CLI11 would only say that something is required.
int fail_without_command() {
  fmt::print(stderr, "chatctl: there is no such command: see chatctl --help\n");
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace

ControlOptions parse_options(int argc, const char* const* argv) {
  ControlOptions out;
  CLI::App app("chatctl: command a running chat server", "chatctl");
  app.set_version_flag("--version", "chatctl " + std::string(base::version()));
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--socket", out.socket, "the server's socket")->type_name("PATH");
  app.add_option("-c,--config", out.config, "the server's configuration, which names the socket")
      ->type_name("FILE");
  app.add_flag("--json", out.json, "print the result as one JSON object");
  Commands commands(app, out);
  commands.add_lists();
  commands.add_acts_on_users();
  commands.add_acts_on_groups();
  commands.add_rest();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool no_command = error.get_exit_code() != 0 && app.get_subcommands().empty();
    const int code = no_command ? fail_without_command() : app.exit(error);
    out.leave = code == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  return out;
}

}  // namespace chat::client::control

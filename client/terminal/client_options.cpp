#include "client/terminal/client_options.h"

#include <fmt/format.h>

#include "chat/base/option_parser.h"
#include "chat/base/version.h"
#include "client/terminal/commands/help_text.h"
#include "client/terminal/printer/printer.h"
#include "client/terminal/settings/client_config.h"

namespace chat::client {
namespace {

std::string footer() {
  return fmt::format(
      "Commands:\n{}\n"
      "On a terminal, a missing password is asked for without echo. Without a terminal, commands\n"
      "are read from standard input, a missing password is the next line of it, and each event\n"
      "is one line (--json: one JSON object):\n{}\n"
      "On a terminal, settings are read from {} first\n"
      "($XDG_CONFIG_HOME/chat/client.conf); the command line wins:\n{}\n"
      "Commands wait for their answer (10 s) before the next line is read. Chats don't: they are\n"
      "sent one after the other, and the client leaves when all of them are answered.\n\n"
      "With --json an object with \"msgid\" is from the server, one with \"event\" is from the\n"
      "client itself.\n\n"
      "Exit codes: 0 all went well; 1 the server refused a command; 2 wrong usage; 3 cannot\n"
      "connect; 4 connection lost; 5 the server broke the protocol; 6 no answer in time; 130\n"
      "interrupted (128 + signal). 1, 2 and 6 for the last command that failed, and for commands\n"
      "only without a terminal; 6 also when a message has no answer at the end, or the answer\n"
      "to a command was lost with the connection (unanswered).",
      command_help(), kLineHelp,
      config_path().empty() ? "~/.config/chat/client.conf" : config_path(), kConfigHelp);
}

// A setting that the configuration file has, too.
void add_setting(base::OptionParser& parser, ClientOptions& out, const char* key,
                 const char* values, const char* help) {
  const auto take = [&out, key = std::string(key)](const std::string& value) {
    const auto set = set_option(key, value, out);
    return set ? std::string() : set.error().message;
  };
  parser.value(std::string("--") + key, take, help).value_name(values);
}

void add_appearance(base::OptionParser& parser, ClientOptions& out) {
  add_setting(parser, out, "color", "auto|always|never",
              "colours; auto: on a terminal, unless NO_COLOR is set");
  add_setting(parser, out, "marks", "quiet|lines|off",
              "what has become of your messages: a mark in the message, lines,\nnothing");
  add_setting(parser, out, "bell", "unfocused|always|off", "ring at a direct message or a mention");
}

void add_tls(base::OptionParser& parser, ClientOptions& out) {
  const auto& tls = parser.flag("--tls", out.tls,
                                "encrypt the connection (TLS 1.2 or newer), and connect only to\n"
                                "a server whose certificate is for --host and from a known CA");
  parser.flag("--no-tls", out.tls, "do not, whatever the configuration file says", false)
      .excludes(tls);
  const auto& ca = parser
                       .text("--ca", out.tls_options.ca_file,
                             "trust these CA certificates (PEM) instead of the system's")
                       .value_name("FILE")
                       .check(base::is_file)
                       .needs(tls);
  parser
      .text("--tls-name", out.tls_options.name,
            "expect a certificate for this name or address instead of --host")
      .value_name("NAME")
      .check([](const std::string& name) {
        return is_certifiable_name(name) ? "" : "is neither an address nor a plain DNS name";
      })
      .needs(tls);
  parser
      .flag("--insecure", out.tls_options.insecure,
            "accept any certificate: attackers on the network can read and change all")
      .needs(tls)
      .excludes(ca);
}

}  // namespace

ClientOptions parse_options(int argc, const char* const* argv, bool on_terminal) {
  ClientOptions out;
  const auto config = on_terminal ? read_config(config_path(), out) : Result<void>();
  base::OptionParser parser("chatclient", "chatclient: talk to a chat server");
  parser.set_version("chatclient " + std::string(base::version()));
  parser.set_footer(footer());
  parser.text("--host,host", out.host, "server's name or address").show_default();
  parser.whole_number("--port,port", out.port, 1, 65535, "server's TCP port").show_default();
  parser
      .text("--user", out.user,
            "log in as this name (or id) at the start; the password comes from\n"
            "--password-file, the environment variable CHAT_PASSWORD, or the input")
      .check([](const std::string& user) { return user.empty() ? "is empty" : ""; });
  parser.text("--password-file", out.password_file, "its first line is the password")
      .value_name("FILE")
      .check(base::is_file);
  parser.flag("--json", out.json, "JSON lines; also on a terminal");
  parser.flag("--reconnect", out.reconnect,
              "reconnect after a lost connection, log in again and resend unanswered\n"
              "chats; always on with a terminal");
  add_appearance(parser, out);
  bool no_color = false;
  bool no_save = false;
  parser.flag("--no-color", no_color, "as --color never");
  parser.flag("--no-save", no_save, "keep neither typed lines nor the login for the next start");
  add_tls(parser, out);
  out.leave = parser.parse_or_leave(argc, argv);
  if (no_color) out.color = ColorWhen::kNever;
  if (no_save) out.keeps_history = out.keeps_token = false;
  if (!config && !out.leave) {
    fmt::print(stderr, "chatclient: {}\n", config.error().message);
    out.leave = base::OptionParser::kExitUsage;
  }
  return out;
}

}  // namespace chat::client

#include "server/config/command_line.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "chat/base/option_parser.h"
#include "chat/base/version.h"
#include "chat/protocol/limit_table.h"
#include "server/config/config_file.h"
#include "server/config/config_keys.h"
#include "server/config/config_settings.h"
#include "server/config/secret_file.h"

namespace chat::server {
namespace {

struct Arguments {
  std::string file;
  std::vector<std::string> sets;
  std::string address;
  std::string port;
  bool check = false;
  bool migrate = false;
};

void add_options(base::OptionParser& parser, Arguments& out) {
  parser.text("-c,--config", out.file, "Read this ini file (see conf/server.ini)")
      .value_name("FILE")
      .check([](const std::string& file) { return file.empty() ? "is empty" : ""; });
  parser.texts("--set", out.sets, "Set one key; repeatable, wins over the file")
      .value_name("SECTION.KEY=VALUE");
  parser.text("address", out.address, "Listen here, as --set server.listen=ADDRESS:PORT");
  parser.text("port", out.port, "");
  parser.flag("--check", out.check, "Check and print the configuration as ini text, then exit");
  parser.flag("--migrate", out.migrate,
              "Bring the database's schema up to date, then exit; for an account with the\n"
              "rights to do so, where the server's own has none");
}

std::string list_of_keys() {
  std::string list = "Keys of --set and of the file, with their defaults:\n";
  for (const Key& key : keys()) {
    const std::string choices = key.choices.empty() ? "" : fmt::format(" ({})", key.choices);
    list += fmt::format("  {} = {}\n      {}{}\n", key.full_name(), key.default_text, key.help,
                        choices);
  }
  return list;
}

// The fixed limits, as comments of an ini file.
std::string comment_of_limits() {
  std::string text = "\n# Limits of the protocol, which are fixed:\n";
  for (const protocol::Limit& limit : protocol::limit_table()) {
    text += fmt::format("# {} = {}\n", limit.name, limit.value);
  }
  return text;
}

// The value of `variable`, or the first line of the file named by `variable`_FILE, which then
// becomes `origin`. Empty if neither is set.
Result<std::string> secret_of(const Environment& environment, const std::string& variable,
                              std::string& origin) {
  const std::string file_variable = variable + "_FILE";
  const char* const value = environment(variable.c_str());
  const char* const file = environment(file_variable.c_str());
  const bool has_value = value != nullptr && *value != '\0';
  if (file == nullptr || *file == '\0') return std::string(has_value ? value : "");
  if (has_value) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} and {} are both set: one is enough", variable, file_variable));
  }
  origin = file_variable;
  auto secret = read_secret(file);
  if (secret) return secret;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: {}", file_variable, secret.error().message));
}

Result<void> apply_environment(const Environment& environment, Settings& settings) {
  for (const Key& key : keys()) {
    if (key.environment.empty()) continue;
    std::string origin(key.environment);
    const auto value = secret_of(environment, std::string(key.environment), origin);
    if (!value) return fail(value);
    if (value->empty()) continue;
    if (auto done = settings.set(key.section, key.name, *value, origin); !done) return done;
  }
  return {};
}

// A process's arguments are visible to all users.
void warn_of_secret(const Key* key, std::string_view value, std::vector<std::string>& warnings) {
  if (key == nullptr || !key->secret() || value.empty()) return;
  warnings.push_back(fmt::format(
      "--set {} shows the password to everyone on this machine who runs ps: use {}_FILE",
      key->full_name(), key->environment));
}

Result<void> apply_set(const std::string& text, Settings& settings,
                       std::vector<std::string>& warnings) {
  const auto equals = text.find('=');
  const auto dot = text.find('.');
  if (equals == std::string::npos || dot > equals) {
    // Show only the part before "=": the rest could be a password.
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("--set: {} is not of the form section.key=value",
                            log::quoted(text.substr(0, equals))));
  }
  const std::string_view whole = text;
  const auto section = whole.substr(0, dot);
  const auto name = whole.substr(dot + 1, equals - dot - 1);
  const auto value = whole.substr(equals + 1);
  warn_of_secret(find_key(section, name), value, warnings);
  return settings.set(section, name, value, "--set");
}

// "chatserver 127.0.0.1 6000", as the server of the original course is started.
Result<void> apply_address(const Arguments& arguments, Settings& settings) {
  if (arguments.address.empty()) return {};
  if (arguments.port.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "an address is followed by a port, as in: chatserver 127.0.0.1 6000");
  }
  const bool bare_ipv6 =
      arguments.address.find(':') != std::string::npos && !arguments.address.starts_with("[");
  const std::string host = bare_ipv6 ? "[" + arguments.address + "]" : arguments.address;
  return settings.set("server", "listen", host + ":" + arguments.port, "ADDRESS PORT");
}

// Classic clients connect at once and send nothing until their user has chosen from a menu.
constexpr const char* kFirstByteTimeoutOfTheCourse = "1800000";

Result<void> apply_file(const std::string& file, Settings& settings) {
  if (auto done = load_ini_file(file, settings); !done) return done;
  return settings.hold_secret() ? check_private(file) : Result<void>();
}

Result<Settings> layer(const Arguments& arguments, const Environment& environment,
                       std::vector<std::string>& warnings) {
  Settings settings;
  if (!arguments.file.empty()) {
    if (auto done = apply_file(arguments.file, settings); !done) return fail(done);
  } else if (!arguments.address.empty()) {
    auto done = settings.set("limits", "first_byte_timeout_ms", kFirstByteTimeoutOfTheCourse,
                             "ADDRESS PORT");
    if (!done) return fail(done);
  }
  if (auto done = apply_environment(environment, settings); !done) return fail(done);
  if (auto done = apply_address(arguments, settings); !done) return fail(done);
  for (const std::string& set : arguments.sets) {
    if (auto done = apply_set(set, settings, warnings); !done) return fail(done);
  }
  return settings;
}

Result<CommandLine> carry_out(const Arguments& arguments, const Environment& environment) {
  if (arguments.check && arguments.migrate) {
    return fail(ErrorCode::kInvalidArgument,
                "--check changes nothing and --migrate updates the database: give one of them");
  }
  std::vector<std::string> warnings;
  const auto settings = layer(arguments, environment, warnings);
  if (!settings) return fail(settings);
  auto config = settings->finish();
  if (!config) return fail(config);
  if (arguments.check) {
    return CommandLine{std::nullopt, settings->to_ini() + comment_of_limits(), false,
                       *std::move(config), warnings};
  }
  return CommandLine{*std::move(config), "", arguments.migrate, std::nullopt, warnings};
}

}  // namespace

const char* process_environment(const char* name) {
  return std::getenv(name);
}

Result<CommandLine> read_command_line(int argc, const char* const* argv,
                                      const Environment& environment) {
  Arguments arguments;
  base::OptionParser parser("chatserver", "A chat server. Without a file it runs on its defaults.");
  add_options(parser, arguments);
  parser.set_version("chatserver " + std::string(base::version()));
  parser.set_footer(list_of_keys());
  const auto text = parser.parse(argc, argv);
  if (!text) return fail(text);
  if (*text) return CommandLine{std::nullopt, **text, false, std::nullopt};
  return carry_out(arguments, environment);
}

}  // namespace chat::server

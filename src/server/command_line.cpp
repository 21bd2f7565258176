#include "server/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "chat/base/version.h"
#include "chat/protocol/limit_table.h"
#include "server/config_file.h"
#include "server/config_keys.h"
#include "server/config_settings.h"

namespace chat::server {
namespace {

struct Arguments {
  std::string file;
  std::vector<std::string> sets;
  bool check = false;
  bool migrate = false;
};

std::string list_of_keys() {
  std::string list = "Keys of --set and of the file, with their defaults:\n";
  for (const Key& key : keys()) {
    const std::string choices = key.choices.empty() ? "" : fmt::format(" ({})", key.choices);
    list += fmt::format("  {} = {}\n      {}{}\n", key.full_name(), key.default_text, key.help,
                        choices);
  }
  return list;
}

// As comments of an ini file: what is the same on every server.
std::string comment_of_limits() {
  std::string text = "\n# Limits of the wire, which nobody can choose:\n";
  for (const protocol::Limit& limit : protocol::limit_table()) {
    text += fmt::format("# {} = {}\n", limit.name, limit.value);
  }
  return text;
}

std::string version_line() {
  return "chatserver " + std::string(base::version()) + "\n";
}

Result<void> apply_environment(const Environment& environment, Settings& settings) {
  for (const Key& key : keys()) {
    if (key.environment.empty()) continue;
    const std::string variable(key.environment);
    const char* value = environment(variable.c_str());
    if (value == nullptr || *value == '\0') continue;
    if (auto done = settings.set(key.section, key.name, value, variable); !done) return done;
  }
  return {};
}

Result<void> apply_set(const std::string& text, Settings& settings) {
  const auto equals = text.find('=');
  const auto dot = text.find('.');
  if (equals == std::string::npos || dot > equals) {
    // Only what stands before the sign may be shown: the rest could be a password.
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("--set: {} is not of the form section.key=value",
                            log::quoted(text.substr(0, equals))));
  }
  const std::string_view whole = text;
  return settings.set(whole.substr(0, dot), whole.substr(dot + 1, equals - dot - 1),
                      whole.substr(equals + 1), "--set");
}

Result<Settings> layer(const Arguments& arguments, const Environment& environment) {
  Settings settings;
  if (!arguments.file.empty()) {
    if (auto done = load_ini_file(arguments.file, settings); !done) return fail(done);
  }
  if (auto done = apply_environment(environment, settings); !done) return fail(done);
  for (const std::string& set : arguments.sets) {
    if (auto done = apply_set(set, settings); !done) return fail(done);
  }
  return settings;
}

Result<Order> carry_out(const Arguments& arguments, const Environment& environment) {
  const auto settings = layer(arguments, environment);
  if (!settings) return fail(settings);
  auto config = settings->finish();
  if (!config) return fail(config);
  if (arguments.check)
    return Order{std::nullopt, settings->to_ini() + comment_of_limits(), false, *std::move(config)};
  return Order{*std::move(config), "", arguments.migrate, std::nullopt};
}

}  // namespace

const char* process_environment(const char* name) {
  return std::getenv(name);
}

Result<Order> read_command_line(int argc, const char* const* argv, const Environment& environment) {
  Arguments arguments;
  CLI::App app("A chat server. Without a file it runs on its defaults.", "chatserver");
  app.add_option("-c,--config", arguments.file, "Read this ini file (see conf/server.ini)")
      ->type_name("FILE")
      ->check([](const std::string& file) { return file.empty() ? "is empty" : ""; });
  app.add_option("--set", arguments.sets, "Set one key; repeatable, wins over the file")
      ->type_name("SECTION.KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--check", arguments.check,
               "Check and print the configuration as ini text, then exit");
  app.add_flag("--migrate", arguments.migrate,
               "Bring the database's schema up to date, then exit; for an account with the rights "
               "to do so, where the server's own has none");
  bool version = false;
  app.add_flag("--version", version, "Print the version, then exit");
  app.set_help_flag("-h,--help", "Print this help, then exit");
  app.footer(list_of_keys());

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Order{std::nullopt, app.help(), false, std::nullopt};
  } catch (const CLI::ParseError& error) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(error.what()) + " (see chatserver --help)");
  }
  if (version) return Order{std::nullopt, version_line(), false, std::nullopt};
  return carry_out(arguments, environment);
}

}  // namespace chat::server

// Fills an empty database with the users, tokens, groups and old messages that a benchmark works
// with (seed_rows.h). It finds the database by the server's own configuration.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/log.h"
#include "chat/base/option_parser.h"
#include "seed_rows.h"
#include "server/config/command_line.h"
#include "server/database_setup.h"
#include "service/credentials/password_hasher.h"

namespace chat::bench {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr std::uint64_t kMost = 100'000'000;

struct Arguments {
  std::string file;
  std::vector<std::string> sets;
  SeedPlan plan;
};

void add_options(base::OptionParser& parser, Arguments& out) {
  parser.text("-c,--config", out.file, "The server's ini file").value_name("FILE");
  parser.texts("--set", out.sets, "Set one key of it, as for chatserver; repeatable")
      .value_name("SECTION.KEY=VALUE");
  parser.whole_number("--users", out.plan.users, 1, kMost, "Users 1 … N").required();
  const auto number = [&](const char* name, std::int64_t& value, const char* text) {
    parser.whole_number(name, value, 0, kMost, text);
  };
  number("--friends", out.plan.friends, "Friends that each user lists");
  number("--groups", out.plan.groups, "Groups 1 … N");
  number("--group-size", out.plan.group_size, "Members of each group, consecutive users");
  number("--log-rows", out.plan.log_rows, "Old direct messages, delivered, equally many a user");
}

// The server's code reads its configuration from a command line, so this builds one for it.
Result<server::Config> read_config(const Arguments& arguments) {
  std::vector<const char*> line{"chatserver"};
  if (!arguments.file.empty()) line.insert(line.end(), {"-c", arguments.file.c_str()});
  for (const std::string& set : arguments.sets) line.insert(line.end(), {"--set", set.c_str()});
  auto order = server::read_command_line(static_cast<int>(line.size()), line.data());
  if (!order) return fail(order);
  return *order->config;
}

Result<std::string> hash_password(const server::Config::Auth& auth) {
  service::PasswordHasher hasher(auth.argon2_memory_kib, auth.argon2_ops);
  if (auto opened = hasher.open(); !opened) return fail(opened);
  return hasher.hash(kSeedPassword);
}

Result<void> fill(storage::Database& database, const SeedPlan& plan,
                  const std::string& password_hash) {
  if (auto opened = database.open(); !opened) return opened;
  if (auto updated = server::update_schema(database, {}); !updated) return updated;
  // Without a time-out: a commit of many rows may wait for the disk.
  auto connection = database.connect_to_migrate();
  if (!connection) return fail(connection);
  constexpr std::int64_t kRowsPerLine = 1'000'000;
  std::int64_t told = 0;
  return seed(**connection, plan, password_hash, base::system_clock().unix_millis(),
              [&](const std::string& what, std::int64_t done) {
                if (done / kRowsPerLine == told) return;
                told = done / kRowsPerLine;
                if (told == 0) return;
                std::printf("%s %lld\n", what.c_str(), static_cast<long long>(done));
                std::fflush(stdout);
              });
}

int run(const Arguments& arguments) {
  const auto complain = [](const std::string& message, int code) {
    std::fprintf(stderr, "chatbench-seed: %s\n", message.c_str());
    return code;
  };
  if (const auto problem = problem_of(arguments.plan); !problem.empty()) {
    return complain(problem, kExitUsage);
  }
  const auto config = read_config(arguments);
  if (!config) return complain(config.error().message, kExitUsage);
  if (auto set = log::configure(log::Level::kWarn, ""); !set) {
    return complain(set.error().message, kExitFailed);
  }
  const auto began = base::system_clock().now();
  const auto password_hash = hash_password(config->auth);
  if (!password_hash) return complain(password_hash.error().message, kExitFailed);
  const auto database = server::make_database(*config);
  const auto filled = fill(*database, arguments.plan, *password_hash);
  database->close();
  if (!filled) return complain(filled.error().message, kExitFailed);
  const std::chrono::duration<double> took = base::system_clock().now() - began;
  std::printf("%s", fmt::format("{} has {} users, {} groups and {} messages after {:.1f} s\n",
                                database->describe(), arguments.plan.users, arguments.plan.groups,
                                arguments.plan.log_rows, took.count())
                        .c_str());
  return 0;
}

}  // namespace
}  // namespace chat::bench

int main(int argc, char** argv) {
  chat::bench::Arguments arguments;
  chat::base::OptionParser parser("chatbench-seed",
                                  "Fills an empty database with what a benchmark works with.");
  chat::bench::add_options(parser, arguments);
  if (const auto code = parser.parse_or_leave(argc, argv)) return *code;
  return chat::bench::run(arguments);
}

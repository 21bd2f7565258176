#include "bench_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <map>
#include <random>

#include "chat/base/version.h"
#include "chat/protocol/limits.h"
#include "client/load/server_name.h"

namespace chat::bench {
namespace {

constexpr int kUsage = 2;

const std::map<std::string, ModeName> kModes = {
    {"ping", ModeName::kPing},   {"pairs", ModeName::kPairs}, {"group", ModeName::kGroup},
    {"idle", ModeName::kIdle},   {"login", ModeName::kLogin}, {"offline", ModeName::kOffline},
    {"storm", ModeName::kStorm},
};

constexpr const char* kFooter = R"(Modes:
  ping     --connections send PINGs without logging in
  pairs    --pairs: the first user of each pair writes, the second receives. With --random
           --connections users write to each other at random, at --rate
  group    --groups of --group-size members, of whom --senders write and all others receive
  idle     --connections logged-in users do nothing: the servers' memory for each, and their CPU
  login    --connections at a time log in, leave and log in again as the next of --users. By
           token they just close (a logout would end the seeded token), by --password they log out
  offline  the first --senders users write --messages to each of the next --recipients users, who
           are offline; then these log in, and the time until they have everything is measured
  storm    --connections logged-in users are all cut off at once and log in again

Load: a closed loop (--window messages of each writer in flight) or, with --rate, an open one:
messages are due at equal intervals, and their latency counts from the time at which they were
due. A message holds a slot of the window until it has been acknowledged to its writer and has
reached all its recipients. A client never has more than 64 unacknowledged messages.

The data: user I has the token %064x of I and is named benchI; group G has the --group-size users
from (G - 1) * --group-size + 1 on. Memory for each connection is meaningful only on a server that
was just started. The servers' own limits must be off: see limits.* in the configuration.

Exit codes: 0 fine; 1 a message was lost, doubled or out of order, a request was refused, or a
connection broke; 2 wrong usage; 3 the set-up failed.)";

bool read_watched(const std::string& text, Watched& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out.pid);
  if (error != std::errc() || out.pid <= 0) return false;
  const std::string rest(stop, text.data() + text.size());
  if (!rest.empty() && rest.front() != ',') return false;
  out.name = rest.size() > 1 ? rest.substr(1) : std::to_string(out.pid);
  return true;
}

void add_number(CLI::App& app, const char* name, std::size_t& out, std::size_t most,
                const char* text) {
  app.add_option(name, out, text)->capture_default_str()->check(CLI::Range(std::size_t{1}, most));
}

void add_seconds(CLI::App& app, const char* name, double& out, const char* text) {
  app.add_option(name, out, text)->capture_default_str()->check(CLI::Range(0.0, 86400.0));
}

void add_servers(CLI::App& app, BenchOptions& out) {
  app.add_option_function<std::string>(
         "mode", [&out](const std::string& name) { out.mode = kModes.at(name); },
         "ping, pairs, group, idle, login, offline or storm")
      ->required()
      ->check(CLI::IsMember(kModes));
  app.add_option("--server", out.servers, "HOST:PORT; repeat it to spread the users over several")
      ->required()
      ->take_all();
  app.add_flag("--relay", out.relay,
               "speak to the bare relay instead of a chat server (pairs and group)");
  app.add_flag("--cross", out.cross,
               "with two servers: writers on one, their recipients on the other");
  app.add_option_function<std::vector<std::string>>(
         "--pid",
         [&out](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             Watched watched;
             if (!read_watched(text, watched)) {
               throw CLI::ValidationError("--pid", "must be PID or PID,NAME: " + text);
             }
             out.watched.push_back(watched);
           }
         },
         "PID[,NAME] of a server's process, whose CPU and memory are reported; repeatable")
      ->delimiter('\0')
      ->take_all();
}

void add_people(CLI::App& app, BenchOptions& out) {
  constexpr std::size_t kMostUsers = 1'000'000;
  app.add_option("--first-user", out.first_user,
                 "the id of the first user (default 1; with groups: the first group's first)")
      ->check(CLI::Range(1, 2'000'000'000));
  app.add_option("--first-group", out.first_group, "the id of the first group")
      ->capture_default_str()
      ->check(CLI::Range(1, 2'000'000'000));
  add_number(app, "--pairs", out.pairs, kMostUsers, "pairs");
  add_number(app, "--groups", out.groups, kMostUsers, "groups");
  add_number(app, "--group-size", out.group_size, protocol::kGroupMembersMax,
             "members of each group, at least 2");
  add_number(app, "--senders", out.senders, kMostUsers,
             "writing members of each group; in mode offline: all writers");
  add_number(app, "--connections", out.connections, kMostUsers, "connections");
  app.add_option("--users", out.users,
                 "login: users who log in by turns (default: as many as --connections)")
      ->check(CLI::Range(std::size_t{1}, kMostUsers));
  add_number(app, "--recipients", out.recipients, 15'000, "recipients in mode offline");
  app.add_flag("--random", out.random, "pairs: random writers and recipients");
  app.add_option("--seed", out.seed,
                 "seed of --random (default: a new one each time, which is printed)");
}

void add_load(CLI::App& app, BenchOptions& out) {
  app.add_option("--window", out.window,
                 "closed loop: messages of each writer in flight (default 8; offline: 64)")
      ->check(CLI::Range(std::size_t{1}, protocol::kDirectCidWindow));
  app.add_option("--rate", out.rate, "open loop: messages/s of all writers together")
      ->check(CLI::Range(0.001, 1e7));
  add_number(app, "--messages", out.messages, 100'000'000, "offline: messages to each recipient");
  add_number(app, "--size", out.size, protocol::kTextMaxCodePoints, "bytes of text in a message");
  app.add_option("--password", out.password, "log in by this password instead of by token");
  add_seconds(app, "--ping", out.ping_every,
              "idle: seconds between the PINGs of each connection (0: none)");
  add_seconds(app, "--seconds", out.seconds, "how long to measure");
  add_seconds(app, "--warm-up", out.warm_up,
              "how long to apply load, or to wait, before measuring");
  add_seconds(app, "--drain", out.drain, "longest wait for outstanding messages at the end");
  add_seconds(app, "--set-up", out.set_up, "how long the set-up may take");
}

void add_output(CLI::App& app, BenchOptions& out) {
  app.add_option("--json", out.json, "also write the result to this file, as JSON");
  app.add_flag("--progress,!--no-progress", out.progress,
               "a live line on standard error (default: if that is a terminal)");
}

std::string fault_of(const BenchOptions& options) {
  for (const std::string& server : options.servers) {
    if (!client::load::read_server_name(server)) {
      return fmt::format("--server {}: must be HOST:PORT", server);
    }
  }
  const bool group = options.mode == ModeName::kGroup;
  const bool pairs = options.mode == ModeName::kPairs;
  if (options.relay && !(group || (pairs && !options.random))) {
    return "a relay supports only pairs and groups";
  }
  if (options.cross && options.servers.size() < 2) return "--cross needs two servers";
  if (options.random && !pairs) return "--random needs mode pairs";
  if (options.random && !options.open_loop()) return "--random needs a --rate";
  if (options.random && options.connections < 2) return "--random needs two --connections";
  if (group && options.group_size < 2) return "a group needs two members";
  if (group && options.senders > options.group_size) return "more --senders than members";
  if (options.seconds <= 0) return "--seconds must be more than 0";
  return {};
}

}  // namespace

const char* name_of(ModeName mode) {
  for (const auto& [name, value] : kModes) {
    if (value == mode) return name.c_str();
  }
  return "";
}

std::size_t units_of(const BenchOptions& options) {
  switch (options.mode) {
    case ModeName::kPairs: return options.random ? options.connections : options.pairs;
    case ModeName::kGroup: return options.groups;
    case ModeName::kOffline: return 1;
    default: return options.connections;
  }
}

std::size_t connections_per_unit(const BenchOptions& options) {
  if (options.mode == ModeName::kGroup) return options.group_size;
  if (options.mode == ModeName::kOffline) return 1;
  return options.mode == ModeName::kPairs && !options.random ? 2 : 1;
}

BenchOptions parse_options(int argc, const char* const* argv) {
  BenchOptions out;
  out.progress = ::isatty(STDERR_FILENO) == 1;
  out.seed = std::random_device()();
  out.first_user = 0;
  CLI::App app("chatbench: load chat servers and measure what they do", "chatbench");
  app.set_version_flag("--version", "chatbench " + std::string(base::version()));
  app.footer(kFooter);
  add_servers(app, out);
  add_people(app, out);
  add_load(app, out);
  add_output(app, out);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    out.leave = app.exit(error) == 0 ? 0 : kUsage;
    return out;
  }
  if (const std::string fault = fault_of(out); !fault.empty()) {
    fmt::print(stderr, "chatbench: {}\n", fault);
    out.leave = kUsage;
  }
  if (out.window == 0) out.window = out.mode == ModeName::kOffline ? 64 : 8;
  if (out.first_user == 0) {
    const std::size_t before = out.mode == ModeName::kGroup ? out.first_group - 1 : 0;
    out.first_user = static_cast<std::uint32_t>(before * out.group_size + 1);
  }
  return out;
}

}  // namespace chat::bench

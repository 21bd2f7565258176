#include "bench_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <limits>
#include <map>
#include <random>

#include "chat/base/option_parser.h"
#include "chat/base/version.h"
#include "chat/protocol/limits.h"
#include "client/load/server_name.h"

namespace chat::bench {
namespace {

using base::OptionParser;

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

std::string read_watched(const std::string& text, std::vector<Watched>& out) {
  Watched watched;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), watched.pid);
  const std::string rest(stop, text.data() + text.size());
  if (error != std::errc() || watched.pid <= 0 || (!rest.empty() && rest.front() != ',')) {
    return "must be PID or PID,NAME";
  }
  watched.name = rest.size() > 1 ? rest.substr(1) : std::to_string(watched.pid);
  out.push_back(watched);
  return {};
}

std::string read_mode(const std::string& text, ModeName& out) {
  const auto found = kModes.find(text);
  if (found == kModes.end()) return "there is no mode " + text;
  out = found->second;
  return {};
}

void add_number(OptionParser& parser, const char* name, std::size_t& out, std::size_t most,
                const char* text) {
  parser.whole_number(name, out, 1, most, text).show_default();
}

void add_seconds(OptionParser& parser, const char* name, double& out, const char* text) {
  parser.number(name, out, 0, 86400, text).show_default();
}

void add_servers(OptionParser& parser, BenchOptions& out) {
  parser
      .value(
          "mode", [&out](const std::string& text) { return read_mode(text, out.mode); },
          "ping, pairs, group, idle, login, offline or storm")
      .required();
  parser.texts("--server", out.servers, "repeat it to spread the users over several")
      .value_name("HOST:PORT")
      .required();
  parser.flag("--relay", out.relay,
              "speak to the bare relay instead of a chat server (pairs and group)");
  parser.flag("--cross", out.cross,
              "with two servers: writers on one, their recipients on the other");
  parser
      .value(
          "--pid", [&out](const std::string& text) { return read_watched(text, out.watched); },
          "a server's process, whose CPU and memory are reported; repeatable")
      .value_name("PID[,NAME]")
      .repeatable();
}

void add_people(OptionParser& parser, BenchOptions& out) {
  constexpr std::size_t kMostUsers = 1'000'000;
  constexpr std::size_t kMostIds = 2'000'000'000;
  parser.whole_number("--first-user", out.first_user, 1, kMostIds,
                      "the id of the first user (default 1; with groups: the first group's\n"
                      "first)");
  parser.whole_number("--first-group", out.first_group, 1, kMostIds, "the id of the first group")
      .show_default();
  add_number(parser, "--pairs", out.pairs, kMostUsers, "pairs");
  add_number(parser, "--groups", out.groups, kMostUsers, "groups");
  add_number(parser, "--group-size", out.group_size, protocol::kGroupMembersMax,
             "members of each group, at least 2");
  add_number(parser, "--senders", out.senders, kMostUsers,
             "writing members of each group; in mode offline: all writers");
  add_number(parser, "--connections", out.connections, kMostUsers, "connections");
  parser.whole_number("--users", out.users, 1, kMostUsers,
                      "login: users who log in by turns (default: as many as --connections)");
  add_number(parser, "--recipients", out.recipients, 15'000, "recipients in mode offline");
  parser.flag("--random", out.random, "pairs: random writers and recipients");
  parser.whole_number("--seed", out.seed, 0, std::numeric_limits<decltype(out.seed)>::max(),
                      "seed of --random (default: a new one each time, which is printed)");
}

void add_load(OptionParser& parser, BenchOptions& out) {
  parser.whole_number("--window", out.window, 1, protocol::kDirectCidWindow,
                      "closed loop: messages of each writer in flight (default 8; offline: 64)");
  parser.number("--rate", out.rate, 0.001, 1e7, "open loop: messages/s of all writers together");
  add_number(parser, "--messages", out.messages, 100'000'000,
             "offline: messages to each recipient");
  add_number(parser, "--size", out.size, protocol::kTextMaxCodePoints,
             "bytes of text in a message");
  parser.text("--password", out.password, "log in by this password instead of by token");
  add_seconds(parser, "--ping", out.ping_every,
              "idle: seconds between the PINGs of each connection (0: none)");
  add_seconds(parser, "--typing", out.typing_every,
              "idle: seconds between the TYPINGs of each user to its neighbour (0: none)");
  add_seconds(parser, "--seconds", out.seconds, "how long to measure");
  add_seconds(parser, "--warm-up", out.warm_up,
              "how long to apply load, or to wait, before measuring");
  add_seconds(parser, "--drain", out.drain, "longest wait for outstanding messages at the end");
  add_seconds(parser, "--set-up", out.set_up, "how long the set-up may take");
}

void add_output(OptionParser& parser, BenchOptions& out) {
  parser.text("--json", out.json, "also write the result to this file, as JSON");
  parser.flag("--progress", out.progress,
              "a live line on standard error (default: if that is a terminal)");
  parser.flag("--no-progress", out.progress, "no such line", false);
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
  if (options.ping_every > 0 && options.typing_every > 0) return "either --ping or --typing";
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
  OptionParser parser("chatbench", "chatbench: load chat servers and measure what they do");
  parser.set_version("chatbench " + std::string(base::version()));
  parser.set_footer(kFooter);
  add_servers(parser, out);
  add_people(parser, out);
  add_load(parser, out);
  add_output(parser, out);
  out.leave = parser.parse_or_leave(argc, argv);
  if (out.leave) return out;
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

#include "client/check/check_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "chat/base/version.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/utf8.h"
#include "client/load/server_name.h"

namespace chat::client::check {
namespace {

// The records of this many deliveries take about 1 GB.
constexpr double kMostDeliveries = 1e8;
// An account's name is the prefix and "-p12345a".
constexpr std::size_t kPrefixMaxCodePoints = 36;

constexpr const char* kFooter =
    "Each client takes part in one pair or one group; all send at the same rate. Latencies count\n"
    "from the time at which a message was due, so a server that stalls cannot hide the delay.\n\n"
    "Exit codes: 0 every promise was kept; 1 a promise was broken, or clients or messages had not\n"
    "recovered within --drain; 2 wrong usage; 3 the check could not run (no server, no accounts).";

template <typename Seconds>
void add_seconds(CLI::App& app, const char* name, Seconds& out, int least, const char* text) {
  app.add_option_function<int>(
         name, [&out](int seconds) { out = Seconds(seconds); },
         fmt::format("{} [{}]", text, out.count()))
      ->check(CLI::Range(least, 7 * 24 * 3600));
}

void add_people(CLI::App& app, CheckOptions& out) {
  app.add_option("--server", out.servers,
                 "HOST:PORT of a server or of nginx; repeat it to spread the clients over several")
      ->capture_default_str()
      ->take_all();
  app.add_option("--pairs", out.pairs, "pairs of clients that write to each other")
      ->capture_default_str()
      ->check(CLI::Range(0, 50'000));
  app.add_option("--groups", out.groups, "groups")
      ->capture_default_str()
      ->check(CLI::Range(0, 10'000));
  app.add_option("--group-size", out.group_size, "members of each group, all of whom write")
      ->capture_default_str()
      ->check(CLI::Range(2, static_cast<int>(protocol::kGroupMembersMax)));
  app.add_option("--prefix", out.prefix,
                 "prefix of the account names; existing accounts are used again\n"
                 "(default: check-<hex>, new in each run)");
}

void add_load(CLI::App& app, CheckOptions& out) {
  app.add_option("--rate", out.rate, "messages/s of all clients together")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e6));
  add_seconds(app, "--seconds", out.duration, 1, "how long to send");
  add_seconds(app, "--drain", out.drain, 1, "longest wait for outstanding messages at the end");
  app.add_option("--window", out.window,
                 "most messages of one client without an answer; the server recognises repeats of\n"
                 "the last 64 messages of a stream")
      ->capture_default_str()
      ->check(CLI::Range(1, static_cast<int>(protocol::kDirectCidWindow)));
  app.add_option("--limit", out.client_limit,
                 "messages/s that one client may send; servers refuse more than their\n"
                 "limits.chat_per_second (default 20)")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e6));
  app.add_flag("!--no-resend", out.resend,
               "do not resend messages that had no answer when a connection was lost: such a\n"
               "message appears once or not at all");
}

void add_rest(CLI::App& app, CheckOptions& out) {
  app.add_option("--seed", out.seed,
                 "seed for the order of clients and the jitter (default: random)");
  app.add_option("--threads", out.threads, "threads that drive the clients")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_flag("--json", out.json, "print the report as one JSON object");
  app.add_flag(
      "--progress", out.progress,
      "show progress on standard error: a live line on a terminal, otherwise a line a second");
}

std::string fault_of_rate(const CheckOptions& options) {
  const double each = options.rate / static_cast<double>(options.clients());
  if (each <= options.client_limit) return {};
  const double needed = std::ceil(options.rate / options.client_limit);
  return fmt::format(
      "{} messages/s by {} clients is {:.1f} each, above the --limit of {} (a server refuses more "
      "than its limits.chat_per_second, by default 20): use at least {} clients (--pairs, "
      "--groups, "
      "--group-size), or raise --limit if the servers allow it",
      options.rate, options.clients(), each, options.client_limit, needed);
}

double deliveries_of(const CheckOptions& options) {
  const double to_groups = static_cast<double>(options.groups * options.group_size) *
                           static_cast<double>(options.group_size - 1);
  const double to_all = static_cast<double>(2 * options.pairs) + to_groups;
  return static_cast<double>(options.messages()) * to_all / static_cast<double>(options.clients());
}

}  // namespace

std::uint64_t CheckOptions::messages() const {
  return static_cast<std::uint64_t>(std::llround(rate * static_cast<double>(duration.count())));
}

std::string fault_of(const CheckOptions& options) {
  for (const std::string& server : options.servers) {
    if (!load::read_server_name(server))
      return fmt::format("--server {}: must be HOST:PORT", server);
  }
  if (options.clients() == 0) return "there are no clients: use --pairs or --groups";
  if (!options.prefix.empty()) {
    const bool fits = protocol::is_valid_utf8(options.prefix) &&
                      protocol::count_code_points(options.prefix) <= kPrefixMaxCodePoints &&
                      !protocol::has_control_characters(options.prefix) &&
                      !protocol::has_outer_space(options.prefix);
    if (!fits) {
      return fmt::format("--prefix must have 1 to {} characters that are allowed in names",
                         kPrefixMaxCodePoints);
    }
  }
  if (options.messages() == 0) return "no message would be sent: use a higher --rate";
  if (auto fault = fault_of_rate(options); !fault.empty()) return fault;
  if (const double count = deliveries_of(options); count > kMostDeliveries) {
    return fmt::format("this would be {:.0f} deliveries, and at most {:.0f} can be recorded", count,
                       kMostDeliveries);
  }
  return {};
}

CheckOptions parse_options(int argc, const char* const* argv) {
  CheckOptions out;
  CLI::App app("chatcheck: drive many clients against chat servers and check every promise",
               "chatcheck");
  app.set_version_flag("--version", "chatcheck " + std::string(base::version()));
  app.footer(kFooter);
  add_people(app, out);
  add_load(app, out);
  add_rest(app, out);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    out.leave = code == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
    return out;
  }
  if (const std::string fault = fault_of(out); !fault.empty()) {
    fmt::print(stderr, "chatcheck: {}\n", fault);
    out.leave = static_cast<int>(ExitCode::kUsage);
  }
  return out;
}

}  // namespace chat::client::check

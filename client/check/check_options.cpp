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
    "from the time for which a message was planned, so a server that stalls can't hide it.\n\n"
    "Exit codes: 0 every promise was kept; 1 a violation, or it did not heal within --drain;\n"
    "2 wrong usage; 3 could not run at all (nobody there, no accounts).";

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
                 "what account names begin with; accounts that exist are used again\n"
                 "(default: check-<hex>, new in each run)");
}

void add_load(CLI::App& app, CheckOptions& out) {
  app.add_option("--rate", out.rate, "messages/s of all clients together")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e6));
  add_seconds(app, "--seconds", out.duration, 1, "how long to send");
  add_seconds(app, "--drain", out.drain, 1, "how long to wait for the rest at the end, at most");
  app.add_option("--window", out.window,
                 "a client has at most so many messages without an answer; the server knows the\n"
                 "last 64 of a stream again")
      ->capture_default_str()
      ->check(CLI::Range(1, static_cast<int>(protocol::kDirectCidWindow)));
  app.add_option("--limit", out.client_limit,
                 "messages/s that one client may send; servers refuse more than their\n"
                 "limits.chat_per_second (20) allows")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e6));
  app.add_flag("!--no-resend", out.resend,
               "don't send again what had no answer when a connection was lost: such a message\n"
               "appears once or not at all");
}

void add_rest(CLI::App& app, CheckOptions& out) {
  app.add_option("--seed", out.seed, "for the order of clients and the jitter (default: random)");
  app.add_option("--threads", out.threads, "threads that drive the clients")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_flag("--json", out.json, "the report as one JSON object on standard output");
  app.add_flag("--progress", out.progress,
               "a live line on standard error; not a terminal: a line every second");
}

std::string fault_of_rate(const CheckOptions& options) {
  const double each = options.rate / static_cast<double>(options.clients());
  if (each <= options.client_limit) return {};
  const double needed = std::ceil(options.rate / options.client_limit);
  return fmt::format(
      "{} messages/s over {} clients are {:.1f} for each, over the {} that --limit allows (a "
      "server "
      "refuses more than its limits.chat_per_second, by default 20): use at least {} clients "
      "(--pairs, --groups, --group-size), or raise --limit if the servers allow it",
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
  if (options.clients() == 0) return "nobody would write: use --pairs or --groups";
  if (!options.prefix.empty()) {
    const bool fits = protocol::is_valid_utf8(options.prefix) &&
                      protocol::count_code_points(options.prefix) <= kPrefixMaxCodePoints &&
                      !protocol::has_control_characters(options.prefix) &&
                      !protocol::has_outer_space(options.prefix);
    if (!fits) {
      return fmt::format("--prefix must be 1 to {} characters, as in names", kPrefixMaxCodePoints);
    }
  }
  if (options.messages() == 0) return "not one message would be sent: use a higher --rate";
  if (auto fault = fault_of_rate(options); !fault.empty()) return fault;
  if (const double count = deliveries_of(options); count > kMostDeliveries) {
    return fmt::format("that would be {:.0f} deliveries, and at most {:.0f} can be remembered",
                       count, kMostDeliveries);
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

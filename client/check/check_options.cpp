#include "client/check/check_options.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "chat/base/option_parser.h"
#include "chat/base/version.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/utf8.h"
#include "client/load/server_name.h"

namespace chat::client::check {
namespace {

using base::OptionParser;

constexpr std::uint64_t kSecondsMax = 7 * 24 * 3600;
// The records of this many deliveries take about 1 GB.
constexpr double kMostDeliveries = 1e8;
// An account's name is the prefix and "-p12345a".
constexpr std::size_t kPrefixMaxCodePoints = 36;

constexpr const char* kFooter =
    "Each client takes part in one pair or one group; all send at the same rate. Latencies count\n"
    "from the time at which a message was due, so a server that stalls cannot hide the delay.\n\n"
    "Exit codes: 0 every promise was kept; 1 a promise was broken, or clients or messages had not\n"
    "recovered within --drain; 2 wrong usage; 3 the check could not run (no server, no accounts).";

void add_seconds(OptionParser& parser, const char* name, std::chrono::seconds& out,
                 const char* text) {
  const auto store = [&out](std::uint64_t seconds) { out = std::chrono::seconds(seconds); };
  parser.whole_number(name, store, 1, kSecondsMax, fmt::format("{} [{}]", text, out.count()));
}

void add_people(OptionParser& parser, CheckOptions& out) {
  parser
      .texts("--server", out.servers,
             "a server or nginx; repeat it to spread the clients over several")
      .value_name("HOST:PORT")
      .show_default();
  parser.whole_number("--pairs", out.pairs, 0, 50'000, "pairs of clients that write to each other")
      .show_default();
  parser.whole_number("--groups", out.groups, 0, 10'000, "groups").show_default();
  parser
      .whole_number("--group-size", out.group_size, 2, protocol::kGroupMembersMax,
                    "members of each group, all of whom write")
      .show_default();
  parser.text("--prefix", out.prefix,
              "prefix of the account names; existing accounts are used again\n"
              "(default: check-<hex>, new in each run)");
}

void add_load(OptionParser& parser, CheckOptions& out) {
  parser.number("--rate", out.rate, 0.1, 1e6, "messages/s of all clients together").show_default();
  add_seconds(parser, "--seconds", out.duration, "how long to send");
  add_seconds(parser, "--drain", out.drain, "longest wait for outstanding messages at the end");
  parser
      .whole_number("--window", out.window, 1, protocol::kDirectCidWindow,
                    "most messages of one client without an answer; the server recognises\n"
                    "repeats of the last 64 messages of a stream")
      .show_default();
  parser
      .number("--limit", out.client_limit, 0.1, 1e6,
              "messages/s that one client may send; servers refuse more than their\n"
              "limits.chat_per_second (default 20)")
      .show_default();
  parser.flag("--no-resend", out.resend,
              "do not resend messages that had no answer when a connection was lost:\n"
              "such a message appears once or not at all",
              false);
}

void add_rest(OptionParser& parser, CheckOptions& out) {
  parser.whole_number("--seed", out.seed, 0, std::numeric_limits<std::uint64_t>::max(),
                      "seed for the order of clients and the jitter (default: random)");
  parser.whole_number("--threads", out.threads, 1, 64, "threads that drive the clients")
      .show_default();
  parser.flag("--json", out.json, "print the report as one JSON object");
  parser.flag("--progress", out.progress,
              "show progress on standard error: a live line on a terminal, otherwise\n"
              "a line a second");
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
  OptionParser parser("chatcheck",
                      "chatcheck: drive many clients against chat servers and check every promise");
  parser.set_version("chatcheck " + std::string(base::version()));
  parser.set_footer(kFooter);
  add_people(parser, out);
  add_load(parser, out);
  add_rest(parser, out);
  out.leave = parser.parse_or_leave(argc, argv);
  if (out.leave) return out;
  if (const std::string fault = fault_of(out); !fault.empty()) {
    fmt::print(stderr, "chatcheck: {}\n", fault);
    out.leave = static_cast<int>(ExitCode::kUsage);
  }
  return out;
}

}  // namespace chat::client::check

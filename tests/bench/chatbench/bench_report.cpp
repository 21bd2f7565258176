#include "bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

namespace chat::bench {
namespace {

using Json = nlohmann::ordered_json;

using client::load::kPercentiles;

constexpr std::array<const char*, kTooks> kTookNames = {"delivery", "ack", "reply", "login",
                                                        "catch_up"};
constexpr std::array<std::pair<const char*, Count>, 6> kRates = {{{"sent", Count::kSent},
                                                                  {"acked", Count::kAcked},
                                                                  {"delivered", Count::kDelivered},
                                                                  {"replies", Count::kReplies},
                                                                  {"logins", Count::kLogins},
                                                                  {"retries", Count::kRetries}}};

// CPU time used between two samples: the sum is exact, its parts are divided like the ticks.
struct Use {
  double user_s = 0;
  double system_s = 0;
  double total_s() const { return user_s + system_s; }
};

Use use_of(const Samples& begin, const Samples& end, std::size_t i) {
  const double user = end.processes[i].user_s - begin.processes[i].user_s;
  const double system = end.processes[i].system_s - begin.processes[i].system_s;
  const double all = std::max(0.0, end.processes[i].cpu_s - begin.processes[i].cpu_s);
  const double share = user + system > 0 ? user / (user + system) : 1;
  return {all * share, all * (1 - share)};
}

Use use_of_all(const Samples& begin, const Samples& end) {
  Use sum;
  for (std::size_t i = 0; i < std::min(begin.processes.size(), end.processes.size()); ++i) {
    const Use one = use_of(begin, end, i);
    sum.user_s += one.user_s;
    sum.system_s += one.system_s;
  }
  return sum;
}

double span_of(const Samples& begin, const Samples& end) {
  return std::max(1e-6, to_seconds(end.at - begin.at));
}

// The count that a mode's costs are divided by.
Count work_of(const BenchOptions& options) {
  switch (options.mode) {
    case ModeName::kPing: return Count::kReplies;
    case ModeName::kLogin:
    case ModeName::kStorm: return Count::kLogins;
    default: return Count::kDelivered;
  }
}

double us_per_item(const BenchReport& report, double cpu_s) {
  const auto items = static_cast<double>(report.during(work_of(report.options)));
  return items > 0 ? cpu_s / items * 1e6 : 0;
}

// How much the process's own memory grew per connection.
double bytes_per_connection(const BenchReport& report, std::size_t i) {
  const auto now = static_cast<double>(report.begin.processes[i].anonymous_bytes);
  const auto then = static_cast<double>(report.before.processes[i].anonymous_bytes);
  return (now - then) / static_cast<double>(report.options.connections);
}

std::string latency_rows(const BenchReport& report) {
  std::string out;
  for (std::size_t i = 0; i < kTooks; ++i) {
    const Latency& latency = report.took[i];
    if (latency.count() == 0) continue;
    if (out.empty()) {
      out = fmt::format("\n{:<12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}\n", "ms", "p50", "p90", "p99",
                        "p99.9", "max", "count");
    }
    out += fmt::format("{:<12}", kTookNames[i]);
    for (const auto& [name, percent] : kPercentiles) {
      out +=
          fmt::format("{:>10.3f}", static_cast<double>(latency.percentile(percent).count()) / 1e3);
    }
    out += fmt::format("{:>10.3f}{:>12}\n", static_cast<double>(latency.max().count()) / 1e3,
                       latency.count());
  }
  return out;
}

std::string count_rows(const BenchReport& report) {
  std::string out =
      fmt::format("\n{:<12}{:>14}{:>14}{:>14}\n", "", "measured", "per second", "in all");
  for (const auto& [name, what] : kRates) {
    if (report.total(what) == 0) continue;
    out +=
        fmt::format("{:<12}{:>14}{:>14.1f}{:>14}\n", name, report.during(what),
                    static_cast<double>(report.during(what)) / report.seconds, report.total(what));
  }
  return out;
}

std::string process_row(const BenchReport& report, const std::string& name, const Use& use,
                        double span) {
  return fmt::format("{:<14}{:>9.2f}{:>9.2f}{:>8.1f}{:>10.2f}", name, use.user_s, use.system_s,
                     use.total_s() / span * 100, us_per_item(report, use.total_s()));
}

std::string process_rows(const BenchReport& report) {
  const double span = span_of(report.begin, report.end);
  constexpr double kMiB = 1024 * 1024;
  std::string out =
      fmt::format("\n{:<14}{:>9}{:>9}{:>8}{:>10}{:>10}{:>10}{:>10}\n", "process", "user s",
                  "system s", "CPU %", "us/item", "RSS MiB", "own MiB", "B/conn.");
  for (std::size_t i = 0; i < report.options.watched.size(); ++i) {
    const ProcessSample& last = report.end.processes[i];
    out += process_row(report, report.options.watched[i].name, use_of(report.begin, report.end, i),
                       span);
    out += fmt::format("{:>10.1f}{:>10.1f}", static_cast<double>(last.rss_bytes) / kMiB,
                       static_cast<double>(last.anonymous_bytes) / kMiB);
    const bool idle = report.options.mode == ModeName::kIdle;
    out += idle ? fmt::format("{:>10.0f}\n", bytes_per_connection(report, i)) : "\n";
  }
  return out +
         process_row(report, fmt::format("load ({})", report.load_processes),
                     use_of_all(report.load_begin, report.load_end), span) +
         "\n";
}

Json latencies_json(const BenchReport& report) {
  Json out = Json::object();
  for (std::size_t i = 0; i < kTooks; ++i) {
    const Latency& latency = report.took[i];
    if (latency.count() == 0) continue;
    Json& one = out[kTookNames[i]];
    one["count"] = latency.count();
    for (const auto& [name, percent] : kPercentiles)
      one[name] = latency.percentile(percent).count();
    one["max"] = latency.max().count();
  }
  return out;
}

Json use_json(const BenchReport& report, const Use& use, double span) {
  return {{"user_s", use.user_s},
          {"system_s", use.system_s},
          {"cpu_percent", use.total_s() / span * 100},
          {"cpu_us_per_item", us_per_item(report, use.total_s())}};
}

Json memory_json(const ProcessSample& sample) {
  return {{"rss_bytes", sample.rss_bytes},
          {"anonymous_bytes", sample.anonymous_bytes},
          {"private_dirty_bytes", sample.private_dirty_bytes}};
}

Json processes_json(const BenchReport& report) {
  const double span = span_of(report.begin, report.end);
  Json out = Json::array();
  for (std::size_t i = 0; i < report.options.watched.size(); ++i) {
    Json one = {{"pid", report.options.watched[i].pid}, {"name", report.options.watched[i].name}};
    one.update(use_json(report, use_of(report.begin, report.end, i), span));
    one["memory_before_connecting"] = memory_json(report.before.processes[i]);
    one["memory_at_begin"] = memory_json(report.begin.processes[i]);
    one["memory_at_end"] = memory_json(report.end.processes[i]);
    if (report.options.mode == ModeName::kIdle) {
      one["bytes_per_connection"] = bytes_per_connection(report, i);
    }
    out.push_back(std::move(one));
  }
  return out;
}

Json options_json(const BenchOptions& o) {
  return {{"servers", o.servers},
          {"relay", o.relay},
          {"cross", o.cross},
          {"random", o.random},
          {"first_user", o.first_user},
          {"first_group", o.first_group},
          {"pairs", o.pairs},
          {"groups", o.groups},
          {"group_size", o.group_size},
          {"senders", o.senders},
          {"connections", o.connections},
          {"recipients", o.recipients},
          {"messages", o.messages},
          {"window", o.window},
          {"rate", o.rate},
          {"size", o.size},
          {"seed", o.seed},
          {"warm_up", o.warm_up},
          {"by_password", !o.password.empty()}};
}

}  // namespace

std::vector<Fault> faults_of(const BenchReport& report) {
  const std::uint64_t sent = report.total(Count::kSent);
  const std::uint64_t answered =
      report.total(Count::kAcked) + report.total(Count::kReplies) + report.total(Count::kRefused);
  const bool answers = !report.options.relay;
  return {{"lost", report.total(Count::kLost)},
          {"doubled", report.total(Count::kDoubled)},
          {"reordered", report.total(Count::kReordered)},
          {"gaps", report.total(Count::kGaps)},
          {"unexpected", report.total(Count::kStrange)},
          {"unanswered", answers && sent > answered ? sent - answered : 0},
          {"refused", report.total(Count::kRefused)},
          {"cut_off", report.total(Count::kCutOff)}};
}

bool is_fine(const BenchReport& report) {
  const auto faults = faults_of(report);
  return std::all_of(faults.begin(), faults.end(), [](const Fault& f) { return f.number == 0; });
}

std::string text_of(const BenchReport& report) {
  std::string out = fmt::format("chatbench {}{}: {:.2f} s measured", name_of(report.options.mode),
                                report.options.relay ? " --relay" : "", report.seconds);
  if (report.options.random) out += fmt::format(", --seed {}", report.options.seed);
  if (report.set_up_rate > 0) out += fmt::format(", sent at {:.0f} messages/s", report.set_up_rate);
  out += "\n" + count_rows(report) + latency_rows(report) + process_rows(report) + "\n";
  if (report.total(Count::kStale) > 0) {
    out +=
        fmt::format("{} messages of earlier runs came in between\n", report.total(Count::kStale));
  }
  for (const Fault& fault : faults_of(report)) {
    if (fault.number > 0) out += fmt::format("{}: {}\n", fault.name, fault.number);
  }
  if (!report.problem.empty()) out += fmt::format("first problem: {}\n", report.problem);
  return out + (is_fine(report) ? "fine\n" : "NOT FINE\n");
}

std::string json_of(const BenchReport& report) {
  Json out = {{"mode", name_of(report.options.mode)},
              {"fine", is_fine(report)},
              {"options", options_json(report.options)},
              {"seconds", report.seconds}};
  for (const auto& [name, what] : kRates) {
    out["measured"][name] = report.during(what);
    out["per_second"][name] = static_cast<double>(report.during(what)) / report.seconds;
    out["total"][name] = report.total(what);
  }
  if (report.set_up_rate > 0) out["sent_while_away_per_second"] = report.set_up_rate;
  out["latency_us"] = latencies_json(report);
  out["processes"] = processes_json(report);
  out["load"] = use_json(report, use_of_all(report.load_begin, report.load_end),
                         span_of(report.load_begin, report.load_end));
  out["load"]["processes"] = report.load_processes;
  for (const Fault& fault : faults_of(report)) out["faults"][fault.name] = fault.number;
  out["stale"] = report.total(Count::kStale);
  out["problem"] = report.problem;
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace chat::bench

#include "client/check/check_report.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace chat::client::check {
namespace {

using Json = nlohmann::ordered_json;

using load::kPercentiles;

struct Row {
  const char* name;
  std::uint64_t count;
  bool violation;
  const char* meaning;
};

std::vector<Row> rows_of(const CheckReport& report) {
  const Verdict& v = report.verdict;
  return {
      {"sent", v.sent, false, ""},
      {"acked", v.acked, false, ""},
      {"delivered", v.delivered, false, "to all recipients together"},
      {"lost", v.lost, true, "acknowledged but never delivered"},
      {"doubled", v.doubled, true, "one message under two seqs"},
      {"reordered", v.reordered, true, "out of order"},
      {"gaps", v.gaps, true, "holes in the seqs of a stream"},
      {"unexpected", v.unexpected, true, "never sent, or a wrong text or seq"},
      {"conflicts", v.conflicts, true, "answers `conflict`"},
      {"failed", v.failed, true, "refused permanently, or an invalid answer"},
      {"recovered", v.recovered, false, "delivered although no ack was seen"},
      {"repeats", v.repeats, false, "pushed again under the same seq"},
      {"refused", v.refused, false,
       "temporarily (busy, unavailable, rate_limited), and sent again"},
      {"unanswered", v.unanswered, report.options.resend, "without an answer at the end"},
      {"unsent", report.unsent, false, "not sent when the time was over"},
      {"offline", report.offline, true, "clients without a session at the end"},
  };
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

double ms(base::SteadyTime::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double seconds(base::SteadyTime::duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string latency_row(const char* name, const load::Latency& latency) {
  std::string out = fmt::format("{:<14}", name);
  for (const auto& [word, percent] : kPercentiles) {
    out += fmt::format("{:>10.2f}", ms(latency.percentile(percent)));
  }
  return out + fmt::format("{:>10.2f}\n", ms(latency.max()));
}

std::string or_never(const std::optional<base::SteadyTime::duration>& time) {
  return time ? fmt::format("after {:.2f} s", seconds(*time)) : "never";
}

std::string disturbances_text(const CheckReport& report) {
  std::string out = fmt::format("disconnections {}, disturbances {}", report.disconnections,
                                report.disturbances.size());
  if (!report.disturbances.empty()) {
    out += fmt::format(", the longest over {}", or_never(worst_of(report.disturbances)));
  }
  out += '\n';
  for (const Disturbance& each : report.disturbances) {
    out += fmt::format("  at {:.2f} s ({}): {} outages, first back {}, all back {}\n",
                       seconds(each.from - report.load_from), each.reason, each.clients,
                       or_never(each.first), or_never(each.all));
  }
  return out;
}

std::string last_line(const CheckReport& report) {
  if (report.exit_code() == ExitCode::kKept) return "verdict: every promise was kept\n";
  std::string out = "verdict: BROKEN:";
  for (const Row& row : rows_of(report)) {
    if (row.violation && row.count > 0) out += fmt::format(" {} {}", row.name, row.count);
  }
  if (!report.first_fault.empty()) out += fmt::format(" (the first: {})", report.first_fault);
  return out + '\n';
}

Json latency_json(const load::Latency& latency) {
  Json out;
  for (const auto& [word, percent] : kPercentiles) out[word] = ms(latency.percentile(percent));
  out["max"] = ms(latency.max());
  return out;
}

Json or_null(const std::optional<base::SteadyTime::duration>& time) {
  return time ? Json(ms(*time)) : Json();
}

Json disturbances_json(const CheckReport& report) {
  Json out = Json::array();
  for (const Disturbance& each : report.disturbances) {
    out.push_back({{"at_ms", ms(each.from - report.load_from)},
                   {"reason", each.reason},
                   {"outages", each.clients},
                   {"first_back_ms", or_null(each.first)},
                   {"all_back_ms", or_null(each.all)}});
  }
  return out;
}

}  // namespace

bool CheckReport::unhealed() const {
  return offline > 0 || (options.resend && verdict.unanswered > 0);
}

ExitCode CheckReport::exit_code() const {
  return verdict.violations() > 0 || unhealed() ? ExitCode::kBroken : ExitCode::kKept;
}

std::string to_text(const CheckReport& report) {
  const CheckOptions& options = report.options;
  std::string out = fmt::format(
      "run {}: {} clients ({} pairs, {} groups of {}) on {}\n{} messages/s for {} s, seed {}\n\n",
      report.run, options.clients(), options.pairs, options.groups, options.group_size,
      joined(options.servers), options.rate, options.duration.count(), options.seed);
  for (const Row& row : rows_of(report)) {
    out += fmt::format("{:<12}{:>10}{}{}\n", row.name, row.count, *row.meaning != '\0' ? "  " : "",
                       row.meaning);
  }
  out += fmt::format("\n{:<14}", "latency, ms");
  for (const auto& [word, percent] : kPercentiles) out += fmt::format("{:>10}", word);
  out += fmt::format("{:>10}\n", "max");
  out += latency_row("send to ack", report.ack);
  out += latency_row("to delivery", report.delivery);
  return out + '\n' + disturbances_text(report) + last_line(report);
}

std::string to_json(const CheckReport& report) {
  const CheckOptions& options = report.options;
  Json out = {
      {"run", report.run},    {"servers", options.servers},          {"clients", options.clients()},
      {"rate", options.rate}, {"seconds", options.duration.count()}, {"seed", options.seed}};
  for (const Row& row : rows_of(report)) out[row.name] = row.count;
  out["ack_ms"] = latency_json(report.ack);
  out["delivery_ms"] = latency_json(report.delivery);
  out["disconnections"] = report.disconnections;
  out["disturbances"] = disturbances_json(report);
  out["worst_recovery_ms"] = or_null(worst_of(report.disturbances));
  out["first_fault"] = report.first_fault;
  out["kept"] = report.exit_code() == ExitCode::kKept;
  return out.dump();
}

}  // namespace chat::client::check

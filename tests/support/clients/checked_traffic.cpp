#include "checked_traffic.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/test_seed.h"

namespace chat::test {
namespace {

constexpr const char* kDrainSeconds = "30";
constexpr milliseconds kFinish{45'000};
constexpr milliseconds kPrepared{60'000};

std::vector<std::string> command_for(const std::vector<std::uint16_t>& ports,
                                     const CheckedTraffic::Load& load) {
  const char* program = std::getenv("CHATCHECK");
  if (program == nullptr) throw std::runtime_error("$CHATCHECK must name the chatcheck program");
  std::vector<std::string> command = {program,
                                      "--pairs",
                                      std::to_string(load.pairs),
                                      "--groups",
                                      std::to_string(load.groups),
                                      "--group-size",
                                      std::to_string(load.group_size),
                                      "--rate",
                                      std::to_string(load.per_second),
                                      "--limit",
                                      "1000",
                                      "--seconds",
                                      std::to_string(load.seconds_most),
                                      "--drain",
                                      kDrainSeconds,
                                      "--seed",
                                      std::to_string(test_seed()),
                                      "--json",
                                      "--progress"};
  if (!load.resend) command.emplace_back("--no-resend");
  for (const std::uint16_t port : ports) {
    command.insert(command.end(), {"--server", "127.0.0.1:" + std::to_string(port)});
  }
  return command;
}

}  // namespace

CheckedTraffic::CheckedTraffic(const std::vector<std::uint16_t>& ports, const Load& load)
    : child_(command_for(ports, load), dir_.file("progress")) {
  if (wait_until([this] { return !child_.running() || acknowledged() > 0; }, kPrepared) &&
      child_.running()) {
    return;
  }
  throw std::runtime_error("no traffic:\n" + progress());
}

std::string CheckedTraffic::progress() const {
  return read_file(dir_.file("progress"));
}

std::int64_t CheckedTraffic::acknowledged() const {
  // Reads only the end of a long log, because this is called often.
  constexpr std::streamoff kTailBytes = 4096;
  std::ifstream file(dir_.file("progress"), std::ios::binary | std::ios::ate);
  file.seekg(std::max<std::streamoff>(0, file.tellg() - kTailBytes));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string label = ", acked ";
  const auto place = text.rfind(label);
  return place == std::string::npos ? 0 : std::atoll(text.c_str() + place + label.size());
}

bool CheckedTraffic::flows(std::int64_t more, milliseconds usual) const {
  const std::int64_t before = acknowledged();
  return wait_until([&] { return acknowledged() >= before + more; }, usual);
}

Json CheckedTraffic::finish() {
  child_.send_signal(SIGTERM);
  const Deadline deadline(kFinish);
  const std::string report = child_.read_output(deadline);
  EXPECT_EQ(child_.wait_exit(deadline), 0) << report << progress();
  const Json parsed = Json::parse(report, nullptr, false);
  if (!parsed.is_object()) throw std::runtime_error("no report: " + report + progress());
  EXPECT_GT(parsed.value("acked", 0), 0) << report;
  std::cout << "traffic: " << report;
  return parsed;
}

}  // namespace chat::test

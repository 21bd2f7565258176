#include <fmt/format.h>

#include "client/check/check_options.h"
#include "client/check/check_report.h"
#include "client/check/conductor.h"

int main(int argc, char** argv) {
  using namespace chat::client;
  const check::CheckOptions options = check::parse_options(argc, argv);
  if (options.leave) return *options.leave;
  const auto report = check::Conductor(options).conduct();
  if (!report) return static_cast<int>(check::ExitCode::kCannotRun);
  fmt::print("{}", options.json ? check::to_json(*report) + '\n' : check::to_text(*report));
  return static_cast<int>(report->exit_code());
}

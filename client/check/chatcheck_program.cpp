#include "client/check/chatcheck_program.h"

#include <fmt/format.h>

#include "client/check/check_options.h"
#include "client/check/check_report.h"
#include "client/check/conductor.h"

namespace chat::client::check {

int run_chatcheck(int argc, char** argv) {
  const CheckOptions options = parse_options(argc, argv);
  if (options.leave) return *options.leave;
  const auto report = Conductor(options).conduct();
  if (!report) return static_cast<int>(ExitCode::kCannotRun);
  fmt::print("{}", options.json ? to_json(*report) + '\n' : to_text(*report));
  return static_cast<int>(report->exit_code());
}

}  // namespace chat::client::check

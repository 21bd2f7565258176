#include <benchmark/benchmark.h>

#include "chat/base/check.h"
#include "chat/base/log.h"

int main(int argc, char** argv) {
  CHAT_CHECK(chat::log::configure(chat::log::Level::kOff, ""));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

// chatbench: the load generator of the performance suite. It drives connections against chat
// servers (or the bare relay), in one of several modes, and reports throughput, latency, the
// servers' CPU and memory, and its own share.

#include "bench_conductor.h"
#include "bench_options.h"

int main(int argc, char** argv) {
  chat::bench::BenchOptions options = chat::bench::parse_options(argc, argv);
  if (options.leave) return *options.leave;
  return chat::bench::BenchConductor(std::move(options)).run();
}

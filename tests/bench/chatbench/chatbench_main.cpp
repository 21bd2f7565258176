// chatbench: the load generator of the performance suite. It drives connections against chat
// servers (or the bare relay), in one of several modes, and reports throughput, latency, the
// servers' CPU and memory, and its own share.

#include <malloc.h>

#include "bench_conductor.h"
#include "bench_options.h"

int main(int argc, char** argv) {
  chat::bench::BenchOptions options = chat::bench::parse_options(argc, argv);
  if (options.leave) return *options.leave;
  // Ledgers grow during a run. Memory that one frees when it grows is reused by the next one
  // instead of going back to the system, which would clear it again.
  (void)::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  (void)::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  return chat::bench::BenchConductor(std::move(options)).run();
}

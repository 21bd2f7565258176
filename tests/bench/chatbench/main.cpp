// chatbench: the load generator of the performance suite. It drives connections against chat
// servers (or the bare relay), in one of several modes, and reports throughput, latency, the
// servers' CPU and memory, and its own share.

#include "conductor.h"
#include "options.h"

int main(int argc, char** argv) {
  chat::bench::Options options = chat::bench::parse_options(argc, argv);
  if (options.leave) return *options.leave;
  return chat::bench::Conductor(std::move(options)).run();
}

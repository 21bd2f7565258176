// The machine runs out of descriptors, or its clock jumps.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fixture.h"

namespace chat::test {
namespace {

namespace fs = std::filesystem;

class ResourceFault : public Faults {
 protected:
  static std::size_t open_files(pid_t pid) {
    const fs::path folder = "/proc/" + std::to_string(pid) + "/fd";
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator{}));
  }
  static void limit_files(pid_t pid, std::size_t count) {
    rlimit limit{};
    ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit), 0);
    limit.rlim_cur = count;
    ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr), 0);
  }
  // Of all threads, in the kernel too.
  static milliseconds cpu_time(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string word;
    for (int field = 1; field < 14; ++field) stat >> word;
    std::int64_t user = 0;
    std::int64_t system = 0;
    stat >> user >> system;
    return milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
  }
};

TEST_F(ResourceFault, NoDescriptorsAreLeft) {
  constexpr int kCrowd = 50;
  start();
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  const pid_t pid = cluster->node(0).pid();
  rlimit usual{};
  ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, nullptr, &usual), 0);
  limit_files(pid, open_files(pid) + 5);
  std::vector<RawClient> crowd;
  for (int i = 0; i < kCrowd; ++i) crowd.emplace_back(cluster->port(0));
  const milliseconds busy = cpu_time(pid);
  stay_alive_for(milliseconds{3'000}, witnesses[0].client);
  EXPECT_LT(cpu_time(pid) - busy, scaled(milliseconds{2'000})) << "it tries again and again";
  EXPECT_TRUE(traffic->flows(100)) << "those who are in are served";
  limit_files(pid, usual.rlim_cur);
  for (RawClient& client : crowd) expect_alive(client);
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
}

// One server's wall clock jumps, by libfaketime, which reads the offset from a file again and
// again.
TEST_F(ResourceFault, TheClockOfAServerJumpsByAnHour) {
  constexpr const char* kLibrary = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
  if (::access(kLibrary, R_OK) != 0) GTEST_SKIP() << kLibrary << " is not here: install faketime";
  if (sanitized()) GTEST_SKIP() << "a sanitizer wants to be loaded first";
  start(1);
  TempDir dir;
  const auto set_clock = [&](const std::string& offset) {
    std::ofstream(dir.file("new")) << offset << '\n';
    fs::rename(dir.file("new"), dir.file("offset"));
  };
  set_clock("+0");
  ::setenv("LD_PRELOAD", kLibrary, 1);
  ::setenv("FAKETIME_TIMESTAMP_FILE", dir.file("offset").c_str(), 1);
  ::setenv("FAKETIME_CACHE_DURATION", "1", 1);
  ::setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
  cluster->add_node();
  ::unsetenv("LD_PRELOAD");
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  for (const char* offset : {"+3600", "-3600", "+0"}) {
    set_clock(offset);
    stay_alive_for(milliseconds{4'000}, witnesses[0].client);
    ASSERT_TRUE(traffic->flows(100)) << offset;
  }
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
}

}  // namespace
}  // namespace chat::test

// The machine runs out of descriptors.
#include <sys/resource.h>
#include <unistd.h>

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

}  // namespace
}  // namespace chat::test

// The machine runs out of descriptors or memory.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "fault_fixture.h"

namespace chat::test {
namespace {

namespace fs = std::filesystem;

// A memory cgroup for one process, removed at the end.
class MemoryGroup {
 public:
  // The path is empty if none can be made here.
  MemoryGroup() {
    for (const char* root : {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"}) {
      const fs::path folder = fs::path(root) / ("chat-test-" + std::to_string(::getpid()));
      std::error_code refused;
      if (!fs::create_directory(folder, refused)) continue;
      path_ = folder;
      for (const char* name : {"memory.limit_in_bytes", "memory.max"}) {
        if (fs::exists(folder / name)) limit_ = folder / name;
      }
      if (!limit_.empty()) return;
      leave();
    }
  }
  ~MemoryGroup() { leave(); }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;

  bool usable() const { return !limit_.empty(); }
  bool limit(std::int64_t bytes) const { return write(limit_, bytes); }
  bool take(pid_t pid) const { return write(path_ / "cgroup.procs", pid); }

 private:
  static bool write(const fs::path& file, std::int64_t number) {
    return static_cast<bool>(std::ofstream(file) << number << std::flush);
  }
  void leave() {
    std::error_code ignored;
    if (!path_.empty()) wait_until([&] { return fs::remove(path_, ignored); });
    path_.clear();
  }

  fs::path path_;
  fs::path limit_;
};

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
  // Of all threads, including kernel time.
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

TEST_F(ResourceFault, ServerRunsOutOfDescriptors) {
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

// More logins at once than can be hashed, and more chats than the limit: refusals are quick and
// have retry_after_ms, and acknowledged messages are stored.
TEST_F(ResourceFault, OverloadIsRefusedWithinASecond) {
  constexpr int kCrowd = 200;
  constexpr int kChats = 300;
  constexpr milliseconds kPromise{1'000};
  start(1, {"auth.argon2_memory_kib=19456", "auth.argon2_ops=2", "limits.chat_per_second=20"});
  const std::uint16_t port = cluster->port(0);
  const Account account = register_account(port, "everybody");
  User alice = new_user(port, "alice");
  std::vector<RawClient> crowd;
  for (int i = 0; i < kCrowd; ++i) crowd.emplace_back(port);

  const auto began = Clock::now();
  for (RawClient& client : crowd) client.send(login_request(account, {{"takeover", true}}));
  for (int i = 0; i < kChats; ++i) {
    alice.client.send(chat_request(alice.account, alice.id(), "x", "c" + std::to_string(i)));
  }
  int refused = 0;
  const auto note = [&](const Json& reply) {
    if (reply.at("errno") == 0) return true;
    ++refused;
    EXPECT_TRUE(reply.at("error") == "busy" || reply.at("error") == "rate_limited") << reply;
    EXPECT_GT(reply.value("retry_after_ms", 0), 0) << reply;
    return false;
  };
  std::vector<bool> waits(kCrowd, true);
  milliseconds slowest{0};
  const auto look_at_crowd = [&] {
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (!waits[i]) continue;
      crowd[i].take_in(milliseconds{0});
      if (crowd[i].waiting() == 0) continue;
      waits[i] = false;
      if (!note(crowd[i].receive())) slowest = since(began);
    }
    return std::find(waits.begin(), waits.end(), true) == waits.end();
  };
  int stored = 0;
  for (int i = 0; i < kChats; ++i) {
    const Json request = {{"msgid", 6}, {"cid", "c" + std::to_string(i)}};
    stored += note(alice.client.reply(request)) ? 1 : 0;
  }
  EXPECT_LT(since(began), scaled(kPromise));
  const int limited = std::exchange(refused, 0);
  // Those who are not refused wait for their hashes, one after the other.
  EXPECT_TRUE(wait_until(look_at_crowd, 4 * kPatience)) << "somebody got no answer at all";
  figure("chats refused", limited);
  figure("logins refused", refused);
  figure("slowest refusal", slowest);
  EXPECT_GT(limited, 0) << "the rate was not limited";
  EXPECT_GT(refused, 0) << "a queue of 32 hashes took all of them";
  EXPECT_LT(slowest, scaled(kPromise));
  EXPECT_EQ(cluster->storage().number("SELECT count(*) FROM directmessage"), stored);
  expect_promises();
}

TEST_F(ResourceFault, ServerIsKilledForItsMemory) {
  MemoryGroup group;
  if (!group.usable()) GTEST_SKIP() << "no memory group of one's own (cgroups are not writable)";
  start();
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  ServerProcess& victim = cluster->node(0);
  // Earlier memory does not count in the group, so a little more exceeds the limit.
  ASSERT_TRUE(group.limit(512 * 1024));
  ASSERT_TRUE(group.take(victim.pid()));
  User alice = new_user(cluster->port(1), "alice");
  std::vector<RawClient> crowd;
  const auto let_it_grow = [&] {
    for (int i = 0; i < 50; ++i) {
      crowd.emplace_back(victim.port());
      crowd.back().send_raw('"' + std::string(3'000, 'x'));
    }
  };
  EXPECT_TRUE(wait_until([&] {
    try {
      if (crowd.size() < 2'000) let_it_grow();
    } catch (const std::exception&) {
      // the process is gone
    }
    return !victim.running();
  }));
  victim.kill9();
  victim.start();
  ASSERT_TRUE(traffic->flows(100));
  expect_alive(alice.client);
  EXPECT_GT(expect_promises().at("disconnections"), 0);
}

}  // namespace
}  // namespace chat::test

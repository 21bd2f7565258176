// A disk is full: that of the database, or that of the log.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "fault_fixture.h"
#include "support/clients/flood.h"

namespace chat::test {
namespace {

namespace fs = std::filesystem;

// A small disk that is visible only to this program and its children, and ends with them.
class SmallDisk {
 public:
  // Why it is unavailable here; empty if available. The first call enters a private mount
  // namespace; call it before there are threads.
  static std::string missing() {
    static const std::string why = [] {
      const int own = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
      if (::unshare(own) != 0) return std::string("no mount namespace of one's own");
      if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return std::string("what is mounted cannot be made private");
      }
      return std::string();
    }();
    return why;
  }
  explicit SmallDisk(const std::string& size) {
    const std::string options = "size=" + size;
    if (::mount("none", dir_.path().c_str(), "tmpfs", 0, options.c_str()) != 0) {
      throw std::runtime_error("no tmpfs");
    }
  }
  ~SmallDisk() { ::umount2(dir_.path().c_str(), MNT_DETACH); }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const fs::path& path() const { return dir_.path(); }
  std::string file(const std::string& name) const { return dir_.file(name); }
  // Fills the disk completely.
  void fill() const {
    std::ofstream ballast(file("ballast"), std::ios::app);
    const std::string piece(4096, 'x');
    while (ballast.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) {
    }
  }
  void make_room() const { fs::remove(file("ballast")); }

 private:
  TempDir dir_;
};

class DiskFault : public Faults {
 protected:
  void SetUp() override {
    if (const std::string why = SmallDisk::missing(); !why.empty()) GTEST_SKIP() << why;
    // Static, because this program's database is on it.
    static const SmallDisk disk("600m");
    database_disk = &disk;
    ::setenv("TMPDIR", disk.path().c_str(), 1);
    Faults::SetUp();
    if (!IsSkipped()) mariadb();
    ::unsetenv("TMPDIR");
  }
  const SmallDisk* database_disk = nullptr;
};

TEST_F(DiskFault, LogDiskIsFull) {
  SmallDisk disk("256k");
  start(2, {"log.level=debug", "log.file=" + disk.file("server.log")});
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  disk.fill();
  ASSERT_TRUE(traffic->flows(300));
  log_in_soon(cluster->port(0), register_account(cluster->port(1), "newcomer"));
  disk.make_room();
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
}

// Whether the database refuses or exits, requests may be refused, but acknowledged messages must
// not be lost. Then space is freed and it is restarted.
TEST_F(DiskFault, DatabaseDiskIsFull) {
  start();
  User alice = new_user(cluster->port(0), "alice");
  const Account bob = register_account(cluster->port(1), "bob");
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  database_disk->fill();
  int stored = 0;
  Json reply;
  EXPECT_TRUE(wait_until(
      [&] {
        const std::string cid = "c" + std::to_string(stored);
        reply = alice.client.request(chat_request(alice.account, bob.id, long_text(stored), cid));
        if (reply.at("errno") == 0) ++stored;
        return reply.at("errno") != 0;
      },
      milliseconds{30'000}))
      << "the disk did not get full";
  EXPECT_TRUE(reply.contains("retry_after_ms")) << reply;
  stay_alive_for(milliseconds{3'000}, witnesses[0].client);
  database_disk->make_room();
  mariadb().kill9();
  mariadb().start();
  const std::string cid = "c" + std::to_string(stored);
  EXPECT_EQ(
      request_patiently(alice.client, chat_request(alice.account, bob.id, long_text(stored), cid))
          .at("seq"),
      stored + 1);
  ASSERT_TRUE(traffic->flows(100));
  expect_promises();
  User reader = log_in_soon(cluster->port(0), bob);
  expect_consecutive(collect_messages(reader, static_cast<std::size_t>(stored + 1)));
}

}  // namespace
}  // namespace chat::test

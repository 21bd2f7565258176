// The server's notifications to a service manager, simulated by the test.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include "integration/server_fixture.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

using std::chrono::steady_clock;

// $NOTIFY_SOCKET of servers started while this lives. They must beat within `silence`; 0: no
// watchdog.
class Manager {
 public:
  explicit Manager(milliseconds silence)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (on_mysql()) mariadb();  // before it could treat the test as its manager
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = dir_.file("notify");
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    if (silence.count() == 0) return;
    ::setenv("WATCHDOG_USEC", std::to_string(silence.count() * 1000).c_str(), 1);
  }
  ~Manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // The server's next notification.
  std::optional<std::string> hear(milliseconds within) {
    pollfd entry{socket_.get(), POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(within.count())) <= 0) return std::nullopt;
    std::array<char, 4096> buffer{};
    const auto size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return std::string(buffer.data(), static_cast<std::size_t>(size < 0 ? 0 : size));
  }

 private:
  TempDir dir_;
  base::UniqueFd socket_;
};

// The manager would kill a server that is silent for that long.
const milliseconds kSilence = scaled(milliseconds{4'000});

void expect_beats(Manager& manager, int count) {
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(manager.hear(kSilence), "WATCHDOG=1") << "beat " << i;
  }
}

TEST(ServiceManager, ReceivesReadyBeatsAndStopping) {
  Manager manager(kSilence);
  ServerProcess server;
  EXPECT_EQ(manager.hear(scaled(kPatience)), "READY=1");
  const auto began = steady_clock::now();
  expect_beats(manager, 2);
  EXPECT_GT(steady_clock::now() - began, kSilence / 2) << "it beats more often than it need";
  server.send_sigterm();
  auto said = manager.hear(kSilence);
  if (said == "WATCHDOG=1") said = manager.hear(kSilence);
  EXPECT_EQ(said, "STOPPING=1");
  EXPECT_EQ(server.wait_exit(), 0);
}

TEST(ServiceManager, ReceivesNoBeatsUnlessRequested) {
  Manager manager(milliseconds{0});
  ServerProcess server;
  EXPECT_EQ(manager.hear(scaled(kPatience)), "READY=1");
  EXPECT_EQ(manager.hear(milliseconds{1'000}), std::nullopt);
  server.terminate();
  EXPECT_EQ(manager.hear(kSilence), "STOPPING=1");
}

// Without a service manager.
TEST(ServiceManager, IsOptional) {
  ServerProcess server;
  server.terminate();
  EXPECT_EQ(server.log().find("notify"), std::string::npos);
}

class AwayDatabase : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!on_mysql()) GTEST_SKIP() << "an embedded database is never away";
    proxy = std::make_unique<MysqlProxy>(mariadb().socket());
    server = std::make_unique<ServerProcess>(Settings{"mysql.socket=" + proxy->socket()});
    ASSERT_EQ(manager.hear(scaled(kPatience)), "READY=1");
  }
  // More simultaneous users than workers, all of whom need the database.
  void ask_for_all(int rounds) {
    constexpr int kPeople = 24;
    run_in_parallel(kPeople, [&](int) {
      for (int i = 0; i < rounds; ++i) {
        RawClient client(server->port());
        client.request(login_request(alice));
      }
    });
  }

  Manager manager{kSilence};
  std::unique_ptr<MysqlProxy> proxy;
  std::unique_ptr<ServerProcess> server;
  Account alice;
};

TEST_F(AwayDatabase, DoesNotStopTheBeats) {
  alice = register_account(server->port(), "alice");
  expect_beats(manager, 1);
  mariadb().kill9();
  std::thread people([this] { ask_for_all(3); });
  expect_beats(manager, 3);
  people.join();
  mariadb().start();
}

TEST_F(AwayDatabase, DoesNotStopTheBeatsWhenItHangs) {
  alice = register_account(server->port(), "alice");
  expect_beats(manager, 1);
  mariadb().freeze();
  std::thread people([this] { ask_for_all(3); });
  expect_beats(manager, 4);
  people.join();
  mariadb().thaw();
}

}  // namespace
}  // namespace chat::test

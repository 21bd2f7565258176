#include "net/inner/acceptor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/sanitizer.h"
#include "chat/base/log.h"
#include "support/clients/tcp_client.h"
#include "support/eventually.h"
#include "support/loop_thread.h"

namespace chat::net {
namespace {

using std::chrono::milliseconds;
using test::eventually;
using test::LoopThread;
using test::TcpClient;

const Address kAnyPort = Address::parse("127.0.0.1:0").value();

// UBSan's type check reads memory through a pipe, and reports every object as broken if it gets
// none.
#define SKIP_IF_A_SANITIZER_NEEDS_DESCRIPTORS() \
  if (CHAT_ADDRESS_SANITIZER) GTEST_SKIP() << "the sanitizer needs descriptors itself"

// Takes all remaining descriptors of the process, until destroyed.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken_.emplace_back(fd);
    EXPECT_EQ(errno, EMFILE);
  }
  ~NoDescriptors() {
    taken_.clear();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void free_one() { taken_.pop_back(); }

 private:
  rlimit before_{};
  std::vector<base::UniqueFd> taken_;
};

int option(const base::UniqueFd& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  EXPECT_EQ(::getsockopt(socket.get(), level, name, &value, &size), 0);
  return value;
}

Result<void> bind_and_listen(Acceptor& acceptor, const Address& address) {
  auto bound = acceptor.bind(address);
  return bound ? acceptor.listen() : bound;
}

class AcceptorTest : public testing::Test {
 protected:
  AcceptorTest() {
    EXPECT_TRUE(log::configure(log::Level::kOff, ""));
    EXPECT_TRUE(thread_.call([this] { return bind_and_listen(*acceptor_, kAnyPort); }));
  }
  ~AcceptorTest() override {
    thread_.call([this] { acceptor_.reset(); });
  }
  void close() {
    thread_.call([this] { acceptor_->close(); });
  }

  LoopThread thread_;
  std::atomic<int> accepted_{0};
  std::vector<base::UniqueFd> sockets_;  // the loop's
  std::unique_ptr<Acceptor> acceptor_ = std::make_unique<Acceptor>(
      thread_.loop(), [this](base::UniqueFd socket, const Address& peer) {
        EXPECT_TRUE(peer.is_loopback());
        EXPECT_NE(::fcntl(socket.get(), F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC, 0);
        sockets_.push_back(std::move(socket));
        ++accepted_;
      });
};

TEST_F(AcceptorTest, ReportsThePortChosenByTheKernel) {
  EXPECT_NE(acceptor_->address().port(), 0);
  EXPECT_EQ(acceptor_->address().host(), "127.0.0.1");
}

TEST_F(AcceptorTest, AcceptsMoreCallersThanFitInOneRound) {
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<TcpClient>(acceptor_->address()));
    ASSERT_TRUE(clients.back()->connected());
  }
  EXPECT_TRUE(eventually([&] { return accepted_ == 200; }));
}

TEST_F(AcceptorTest, AcceptedSocketsInheritTheOptions) {
  const TcpClient client(acceptor_->address());
  ASSERT_TRUE(eventually([&] { return accepted_ == 1; }));
  thread_.call([this] {
    const base::UniqueFd& socket = sockets_.front();
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option(socket, SOL_SOCKET, SO_SNDBUF), 2 * 64 * 1024);
    EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPIDLE), 45);
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPCNT), 3);
  });
}

TEST_F(AcceptorTest, WaitsForADescriptorWithoutSpinning) {
  SKIP_IF_A_SANITIZER_NEEDS_DESCRIPTORS();
  std::vector<base::UniqueFd> callers;
  for (int i = 0; i < 2; ++i) callers.emplace_back(::socket(AF_INET, SOCK_STREAM, 0));
  {
    NoDescriptors none;
    for (const auto& caller : callers) {
      const Address& server = acceptor_->address();
      ASSERT_EQ(::connect(caller.get(), server.data(), server.size()), 0);
    }
    const auto before = test::cpu_time(thread_.loop());
    EXPECT_FALSE(eventually([&] { return accepted_ > 0; }, milliseconds(500)));
    EXPECT_LT(test::cpu_time(thread_.loop()) - before, test::kIdleCpu);
    none.free_one();
    EXPECT_TRUE(eventually([&] { return accepted_ == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return accepted_ == 2; }));
}

TEST_F(AcceptorTest, ClosesWhilePaused) {
  SKIP_IF_A_SANITIZER_NEEDS_DESCRIPTORS();
  base::UniqueFd caller(::socket(AF_INET, SOCK_STREAM, 0));
  {
    NoDescriptors none;
    const Address& server = acceptor_->address();
    ASSERT_EQ(::connect(caller.get(), server.data(), server.size()), 0);
    thread_.call([] {});  // by the end of this round it has tried to accept
    close();
    close();
  }
  // The end of the pause has no effect, even on a listener opened meanwhile.
  EXPECT_TRUE(thread_.call([this] { return bind_and_listen(*acceptor_, kAnyPort); }));
  EXPECT_FALSE(eventually([&] { return accepted_ > 0; }, milliseconds(250)));
  TcpClient next(acceptor_->address());
  EXPECT_TRUE(eventually([&] { return accepted_ == 1; }));
}

TEST_F(AcceptorTest, MayBeClosedFromItsCallback) {
  std::atomic<int> taken{0};
  std::unique_ptr<Acceptor> once;
  once = std::make_unique<Acceptor>(thread_.loop(), [&](base::UniqueFd, const Address&) {
    ++taken;
    once->close();
  });
  std::vector<std::unique_ptr<TcpClient>> clients;
  thread_.call([&] {
    ASSERT_TRUE(bind_and_listen(*once, kAnyPort));
    // Both connect before the loop polls.
    for (int i = 0; i < 2; ++i) clients.push_back(std::make_unique<TcpClient>(once->address()));
  });
  EXPECT_TRUE(eventually([&] { return taken > 0; }));
  thread_.call([&] { once.reset(); });
  EXPECT_EQ(taken, 1);
}

TEST_F(AcceptorTest, CallersAreRefusedUntilItListens) {
  close();
  EXPECT_TRUE(thread_.call([&] { return acceptor_->bind(kAnyPort); }));
  const Address address = acceptor_->address();
  const auto connected = [&address] {
    const base::UniqueFd caller(::socket(AF_INET, SOCK_STREAM, 0));
    return ::connect(caller.get(), address.data(), address.size()) == 0;
  };
  EXPECT_FALSE(connected());
  EXPECT_EQ(errno, ECONNREFUSED);
  EXPECT_TRUE(thread_.call([&] { return acceptor_->listen(); }));
  EXPECT_TRUE(connected());
}

TEST_F(AcceptorTest, RefusesAPortInUseAndNamesIt) {
  const auto opened = thread_.call([&] {
    Acceptor second(thread_.loop(), [](base::UniqueFd, const Address&) {});
    return bind_and_listen(second, acceptor_->address());
  });
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
  const std::string& message = opened.error().message;
  EXPECT_NE(message.find(acceptor_->address().to_string()), std::string::npos) << message;
  EXPECT_NE(message.find("already in use"), std::string::npos) << message;
}

TEST_F(AcceptorTest, RefusesAnAddressOfAnotherMachine) {
  const auto opened = thread_.call([&] {
    Acceptor other(thread_.loop(), [](base::UniqueFd, const Address&) {});
    return bind_and_listen(other, Address::parse("192.0.2.1:6000").value());
  });
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(AcceptorTest, ListensAgainAtTheSamePortRightAfterItClosed) {
  const Address address = acceptor_->address();
  TcpClient client(address);
  EXPECT_TRUE(eventually([&] { return accepted_ == 1; }));
  thread_.call([&] {
    acceptor_->close();
    sockets_.clear();  // the server's side closes first: TIME_WAIT stays at this port
  });
  client.close();
  EXPECT_TRUE(thread_.call([&] { return bind_and_listen(*acceptor_, address); }));
}

}  // namespace
}  // namespace chat::net

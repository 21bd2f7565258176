// A connection of the load core against a socket of the test.
#include "client/load/load_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <vector>

#include "chat/protocol/limits.h"

namespace chat::client::load {
namespace {

class RecordingConnection final : public LoadConnection {
 public:
  using LoadConnection::LoadConnection;

  bool opened = false;
  bool closed = false;
  End end{};
  int reads = 0;
  std::vector<std::string> frames;
  std::function<void()> at_frame;

  bool is_closed_as_refused() const { return closed && end == End::kRefused; }
  bool is_closed_as_lost() const { return closed && end == End::kLost; }
  bool is_closed_as_broken() const { return closed && end == End::kBroken; }

 private:
  void on_open(base::SteadyTime /*now*/) override { opened = true; }
  void on_frame(std::string_view json, base::SteadyTime /*now*/) override {
    frames.emplace_back(json);
    if (at_frame) at_frame();
  }
  void on_read(base::SteadyTime /*now*/) override { ++reads; }
  void on_closed(End how, const std::string& /*why*/) override {
    closed = true;
    end = how;
  }
  void on_time(base::SteadyTime /*now*/) override {}
};

class LoadConnectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener_.get(), 8), 0);
    to_.size = sizeof to_.address;
    ASSERT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&to_.address), &to_.size),
              0);
  }

  void run_until(const std::function<bool()>& holds) {
    const auto deadline = base::system_clock().now() + std::chrono::seconds(10);
    while (!holds() && base::system_clock().now() < deadline) poller_.run_once(deadline);
    ASSERT_TRUE(holds());
  }
  void connect() {
    client_.connect(to_);
    run_until([this] { return client_.opened; });
    server_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(server_);
  }
  void server_sends(std::string_view bytes) {
    ASSERT_EQ(::send(server_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  std::string server_reads(std::size_t size) {
    std::string out(size, '\0');
    EXPECT_EQ(::recv(server_.get(), out.data(), size, MSG_WAITALL), static_cast<ssize_t>(size));
    return out;
  }
  static std::string framed(std::string_view json) {
    std::string out;
    protocol::append_frame(out, protocol::Framing::kBinary, json);
    return out;
  }

  Poller poller_;
  RecordingConnection client_{poller_};
  Endpoint to_;
  base::UniqueFd listener_;
  base::UniqueFd server_;
};

TEST_F(LoadConnectionTest, TakesFramesWhereverTheyAreCut) {
  connect();
  const std::string bytes = framed(R"({"a":1})") + framed("{}");
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    client_.frames.clear();
    const int reads = client_.reads;
    server_sends(bytes.substr(0, cut));
    run_until([&] { return client_.reads > reads; });
    server_sends(bytes.substr(cut));
    run_until([&] { return client_.frames.size() >= 2; });
    EXPECT_EQ(client_.frames, (std::vector<std::string>{R"({"a":1})", "{}"})) << cut;
  }
}

TEST_F(LoadConnectionTest, SendsOutputAppendedBeforeItIsOpen) {
  client_.connect(to_);
  client_.send("{}");
  run_until([this] { return client_.opened; });
  server_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(server_reads(6), framed("{}"));
}

TEST_F(LoadConnectionTest, ResumesSendingWhenThePeerReadsAgain) {
  connect();
  const std::string json(std::size_t{8} << 20, 'x');
  client_.send(json);
  poller_.run_once(base::system_clock().now());
  std::string read;
  while (read.size() < json.size() + 4) {
    poller_.run_once(base::system_clock().now());
    std::vector<char> part(1 << 20);
    const ssize_t count = ::recv(server_.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (count > 0) read.append(part.data(), static_cast<std::size_t>(count));
    ASSERT_FALSE(client_.closed);
  }
  EXPECT_EQ(read, framed(json));
}

TEST_F(LoadConnectionTest, DeliversNothingAfterAHandlerClosesIt) {
  connect();
  client_.at_frame = [this] { client_.close(); };
  server_sends(framed("{}") + framed("{}"));
  run_until([this] { return !client_.frames.empty(); });
  EXPECT_EQ(client_.frames.size(), 1U);
  EXPECT_EQ(client_.reads, 0);
  EXPECT_FALSE(client_.closed);
}

TEST_F(LoadConnectionTest, ReportsThatNobodyListens) {
  listener_.reset();
  client_.connect(to_);
  run_until([this] { return client_.closed; });
  EXPECT_TRUE(client_.is_closed_as_refused());
}

TEST_F(LoadConnectionTest, ReportsThatTheServerClosed) {
  connect();
  server_.reset();
  run_until([this] { return client_.closed; });
  EXPECT_TRUE(client_.is_closed_as_lost());
}

TEST_F(LoadConnectionTest, InvalidFramingEndsIt) {
  for (const std::string& bytes : {std::string("{\"msgid\":1}\n"), std::string("\x7f\0\0\0", 4)}) {
    client_.opened = client_.closed = false;
    connect();
    server_sends(bytes);
    run_until([this] { return client_.closed; });
    EXPECT_TRUE(client_.is_closed_as_broken()) << bytes;
  }
}

}  // namespace
}  // namespace chat::client::load

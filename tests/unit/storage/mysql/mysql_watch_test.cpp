// Faults of single connections to the database, which the others do not notice.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "support/deadline.h"
#include "support/proxies/fault_proxy.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Way = test::FaultProxy::Way;
using Fate = test::FaultProxy::Fate;

constexpr std::size_t kMany = 70;  // calls, more than the watch asks about at once

class MysqlWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::on_mysql()) GTEST_SKIP() << "an embedded database has no connections to lose";
    ASSERT_TRUE(log::configure(log::Level::kOff, ""));
    storage_.emplace(dir_.path());
    proxy_.emplace(test::mariadb().socket(),
                   test::FaultProxy::ConnectionJudge(
                       [this](std::uint64_t connection, Way way, std::string_view bytes) {
                         return judge(connection, way, bytes);
                       }),
                   test::FaultProxy::Front::kPort);
    MysqlOptions options;
    options.host = "127.0.0.1";
    options.port = proxy_->port();
    options.user = storage_->database();
    options.password = test::MariadbServer::password();
    options.database = storage_->database();
    database_.emplace(options);
    ASSERT_TRUE(database_->open());
  }

  std::unique_ptr<Connection> connect() {
    auto connection = database_->connect();
    EXPECT_TRUE(connection) << connection.error().message;
    return connection ? std::move(*connection) : nullptr;
  }

  static Result<bool> ask(Connection& connection, std::string_view sql) {
    auto statement = connection.prepare(sql);
    if (!statement) return fail(statement);
    StatementScope scope(**statement);
    return scope->step();
  }

  template <typename Call>
  static milliseconds time_of(Call call) {
    const auto began = Clock::now();
    call();
    return std::chrono::duration_cast<milliseconds>(Clock::now() - began);
  }

  // Stalls the answers on connections that have sent this text.
  void stall_answers_to(std::string text) {
    proxy_->only_those_that_sent(std::move(text));
    proxy_->blackhole(Way::kToClient, true);
  }

  static constexpr milliseconds kNoticedWithin{1'700};
  static constexpr std::uint64_t kProbe = 1;  // the first connection

  std::atomic<bool> next_opening_stalls_ = false;
  std::atomic<bool> probe_stalls_ = false;
  std::atomic<std::uint64_t> last_probe_ = 0;
  test::TempDir dir_;
  std::optional<test::TestStorage> storage_;
  std::optional<test::FaultProxy> proxy_;
  std::optional<MysqlDatabase> database_;

 private:
  Fate judge(std::uint64_t connection, Way way, std::string_view bytes) {
    if (way == Way::kToServer) {
      if (bytes.find("SET SESSION sql_mode") != std::string_view::npos &&
          next_opening_stalls_.exchange(false)) {
        stalled_ = connection;
      }
      if (bytes.find("@@global.read_only") != std::string_view::npos) last_probe_ = connection;
      return Fate::kPass;
    }
    const bool is_lost = connection == stalled_ || (connection == kProbe && probe_stalls_);
    return is_lost ? Fate::kLose : Fate::kPass;
  }

  std::uint64_t stalled_ = 0;  // confined to the proxy's thread
};

TEST_F(MysqlWatchTest, OpeningThatStallsFailsInTime) {
  next_opening_stalls_ = true;
  const auto took = time_of([&] {
    const auto opened = database_->connect();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable) << opened.error().message;
  });
  EXPECT_LT(took, test::scaled(kNoticedWithin));
  EXPECT_FALSE(next_opening_stalls_);
  EXPECT_TRUE(connect());
}

TEST_F(MysqlWatchTest, LostProbeIsReplacedWithoutCuttingOthers) {
  const auto connection = connect();
  probe_stalls_ = true;
  next_opening_stalls_ = true;
  const auto took = time_of([&] {
    EXPECT_TRUE(test::wait_until([&] {
      const auto answered = ask(*connection, "SELECT 1");
      EXPECT_TRUE(answered) << answered.error().message;
      return !answered || last_probe_ > kProbe;
    }));
  });
  EXPECT_FALSE(next_opening_stalls_);
  EXPECT_LT(took, test::scaled(milliseconds{4'000}));
}

TEST_F(MysqlWatchTest, LostCallsAmongManyAtWorkAreNoticed) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < kMany + 3; ++i) connections.push_back(connect());
  for (std::size_t i = kMany; i < kMany + 3; ++i) {
    ASSERT_TRUE(connections[i]->prepare("SELECT /*lost*/ 1"));
  }
  stall_answers_to("/*lost*/");
  std::vector<std::future<Result<bool>>> calls;
  const auto took = time_of([&] {
    for (const auto& connection : connections) {
      const bool is_lost = calls.size() >= kMany;
      calls.push_back(std::async(std::launch::async, [&connection, is_lost] {
        return ask(*connection, is_lost ? "SELECT /*lost*/ 1" : "SELECT SLEEP(3)");
      }));
    }
    for (std::size_t i = kMany; i < calls.size(); ++i) EXPECT_FALSE(calls[i].get());
  });
  EXPECT_LT(took, test::scaled(kNoticedWithin));
  calls.resize(kMany);
  for (auto& call : calls) {
    const auto answered = call.get();
    EXPECT_TRUE(answered) << answered.error().message;
  }
}

}  // namespace
}  // namespace chat::storage

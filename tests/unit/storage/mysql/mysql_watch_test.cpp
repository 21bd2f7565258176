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

constexpr milliseconds kLongCall{1'100};  // the watch suspects a call that takes longer
constexpr std::string_view kBigAnswer = "SELECT /*big*/ REPEAT('x', 3000000)";
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

  static Result<bool> ask(Connection& connection, std::string_view sql,
                          std::string_view text = {}) {
    auto statement = connection.prepare(sql);
    if (!statement) return fail(statement);
    StatementScope scope(**statement);
    if (!text.empty()) scope->bind(0, text);
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

TEST_F(MysqlWatchTest, LostBigAnswerIsNoticed) {
  const auto connection = connect();
  ASSERT_TRUE(connection->prepare(kBigAnswer));
  stall_answers_to("/*big*/");
  const auto took = time_of([&] { EXPECT_FALSE(ask(*connection, kBigAnswer)); });
  EXPECT_LT(took, test::scaled(kNoticedWithin));
}

TEST_F(MysqlWatchTest, LostBigAnswerToAScriptIsNoticed) {
  const auto connection = connect();
  ASSERT_TRUE(connection->execute("SELECT 1"));
  stall_answers_to("/*big*/");
  const auto took = time_of([&] { EXPECT_FALSE(connection->execute(kBigAnswer)); });
  EXPECT_LT(took, test::scaled(kNoticedWithin));
}

TEST_F(MysqlWatchTest, LostBigStatementIsNoticed) {
  auto connection = connect();
  ASSERT_TRUE(connection->prepare("SELECT /*big*/ LENGTH(?)"));
  proxy_->only_those_that_sent("/*big*/");
  proxy_->blackhole(Way::kToServer, true);
  const auto took = time_of([&] {
    EXPECT_FALSE(ask(*connection, "SELECT /*big*/ LENGTH(?)", std::string(9'000'000, 'x')));
    connection.reset();
  });
  EXPECT_LT(took, test::scaled(kNoticedWithin));
}

TEST_F(MysqlWatchTest, AnswerThatIsStillComputedIsNotCut) {
  const auto connection = connect();
  const auto answered =
      connection->execute("SELECT REPEAT('x', 1000000) UNION ALL SELECT SLEEP(2.5)");
  EXPECT_TRUE(answered) << answered.error().message;
}

TEST_F(MysqlWatchTest, IdleConnectionIsClosedAtOnceOverAStalledLink) {
  auto connection = connect();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(connection->prepare("SELECT /*idle*/ " + std::to_string(i)));
  }
  proxy_->only_those_that_sent("/*idle*/");
  for (const Way way : {Way::kToServer, Way::kToClient}) proxy_->blackhole(way, true);
  EXPECT_LT(time_of([&] { connection.reset(); }), test::scaled(milliseconds{200}));
}

TEST_F(MysqlWatchTest, RollbackOverAStalledLinkEndsInTime) {
  auto connection = connect();
  ASSERT_TRUE(ask(*connection, "SELECT /*open*/ 1"));
  ASSERT_TRUE(connection->begin(TransactionKind::kWrite));
  stall_answers_to("/*open*/");
  EXPECT_LT(time_of([&] { connection->rollback(); }), test::scaled(kNoticedWithin));
  EXPECT_FALSE(connection->usable());
}

TEST_F(MysqlWatchTest, SlowAnswerIsNotCut) {
  const auto connection = connect();
  proxy_->limit_bandwidth(1'000'000);
  const auto took = time_of([&] {
    const auto answered = ask(*connection, kBigAnswer);
    EXPECT_TRUE(answered) << answered.error().message;
  });
  EXPECT_GT(took, 2 * kLongCall);
}

TEST_F(MysqlWatchTest, SlowStatementIsNotCut) {
  const auto connection = connect();
  ASSERT_TRUE(connection->prepare("SELECT LENGTH(?)"));
  proxy_->limit_bandwidth(1'000'000);
  const std::string text(3'000'000, 'x');
  const auto took = time_of([&] {
    const auto answered = ask(*connection, "SELECT LENGTH(?)", text);
    EXPECT_TRUE(answered) << answered.error().message;
  });
  EXPECT_GT(took, 2 * kLongCall);
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

#include "tests/bench/chatbench/bench_options.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace chat::bench {
namespace {

BenchOptions parse(std::vector<const char*> words) {
  words.insert(words.begin(), "chatbench");
  return parse_options(static_cast<int>(words.size()), words.data());
}

TEST(BenchOptions, ReadsServersAndProcesses) {
  const BenchOptions options = parse({"pairs", "--server", "127.0.0.1:1", "--server", "127.0.0.1:2",
                                      "--cross", "--pid", "12,mariadb", "--pid", "34"});
  EXPECT_EQ(options.leave, std::nullopt);
  EXPECT_EQ(options.mode, ModeName::kPairs);
  EXPECT_EQ(options.servers.size(), 2u);
  ASSERT_EQ(options.watched.size(), 2u);
  EXPECT_EQ(options.watched[0].pid, 12);
  EXPECT_EQ(options.watched[0].name, "mariadb");
  EXPECT_EQ(options.watched[1].name, "34");
}

TEST(BenchOptions, FirstUserOfAGroupFollowsFromItsNumber) {
  const BenchOptions options =
      parse({"group", "--server", "h:1", "--first-group", "4", "--group-size", "50"});
  EXPECT_EQ(options.first_user, 151u);
  EXPECT_EQ(options.fan_out(), 49u);
  EXPECT_EQ(parse({"pairs", "--server", "h:1"}).first_user, 1u);
}

TEST(BenchOptions, WrongUsageExitsWithTwo) {
  const std::vector<std::vector<const char*>> all = {
      {},
      {"pairs"},
      {"dance", "--server", "h:1"},
      {"pairs", "--server", "nowhere"},
      {"pairs", "--server", "h:1", "--pid", "x"},
      {"pairs", "--server", "h:1", "--pid", "0"},
      {"pairs", "--server", "h:1", "--window", "65"},
      {"pairs", "--server", "h:1", "--cross"},
      {"pairs", "--server", "h:1", "--random"},
      {"ping", "--server", "h:1", "--relay"},
      {"group", "--server", "h:1", "--group-size", "3", "--senders", "4"},
      {"ping", "--server", "h:1", "--seconds", "0"},
  };
  for (const auto& words : all) EXPECT_EQ(parse(words).leave, 2) << words.size();
}

}  // namespace
}  // namespace chat::bench

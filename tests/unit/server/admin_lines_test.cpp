#include "server/admin/admin_lines.h"

#include <gtest/gtest.h>

namespace chat::server {
namespace {

constexpr std::size_t kMax = 10;

TEST(AdminLines, AreCutAtEveryPlace) {
  const std::string sent = "one\ntwo\r\n\nlast";
  for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
    AdminLines lines(kMax);
    std::vector<std::string> got;
    for (const std::string& part : {sent.substr(0, cut), sent.substr(cut)}) {
      lines.feed(part);
      while (auto line = lines.next()) got.push_back(*line);
    }
    EXPECT_EQ(got, (std::vector<std::string>{"one", "two", ""})) << cut;
    EXPECT_FALSE(lines.too_long());
  }
}

TEST(AdminLines, MayHaveTheLimitAndNotMore) {
  AdminLines lines(kMax);
  lines.feed(std::string(kMax, 'x') + "\n");
  EXPECT_EQ(lines.next(), std::string(kMax, 'x'));
  lines.feed(std::string(kMax + 1, 'x'));
  EXPECT_TRUE(lines.too_long());
  lines.feed("\nnext\n");
  EXPECT_EQ(lines.next(), std::nullopt);
}

TEST(AdminLines, FollowingALongerOneAreStillCounted) {
  AdminLines lines(kMax);
  lines.feed("short\n" + std::string(kMax + 1, 'x'));
  EXPECT_FALSE(lines.too_long());
  EXPECT_EQ(lines.next(), "short");
  EXPECT_TRUE(lines.too_long());
}

}  // namespace
}  // namespace chat::server

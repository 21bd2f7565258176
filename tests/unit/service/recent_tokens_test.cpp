#include "service/credentials/recent_tokens.h"

#include <gtest/gtest.h>

#include <string>

#include "service/credentials/token.h"

namespace chat::service {
namespace {

session::TokenHash token(int number) {
  return hash_token(std::to_string(number));
}

TEST(RecentTokens, RemembersExactlyTheAddedTokens) {
  RecentTokens tokens;
  tokens.add(token(1));
  EXPECT_TRUE(tokens.contains(token(1)));
  EXPECT_FALSE(tokens.contains(token(2)));
  tokens.remove(token(1));
  EXPECT_FALSE(tokens.contains(token(1)));
}

TEST(RecentTokens, ForgetsTheOldestFirst) {
  RecentTokens tokens;
  constexpr int kMany = 3 * static_cast<int>(RecentTokens::kTokensMax);
  for (int i = 0; i < kMany; ++i) tokens.add(token(i));
  EXPECT_FALSE(tokens.contains(token(0)));
  for (int i = kMany - 10'000; i < kMany; ++i) ASSERT_TRUE(tokens.contains(token(i))) << i;
}

}  // namespace
}  // namespace chat::service

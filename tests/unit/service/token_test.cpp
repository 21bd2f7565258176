#include "service/credentials/token.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace chat::service {
namespace {

TEST(Token, IsSixtyFourHexDigitsAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string token = make_token();
    EXPECT_EQ(token.size(), 64U);
    EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(token).second);
  }
}

TEST(Token, HashIsStableAndRevealsNothing) {
  const std::string token = make_token();
  EXPECT_EQ(hash_token(token), hash_token(token));
  EXPECT_NE(to_hex(hash_token(token)), token);
  EXPECT_NE(hash_token(token), hash_token(token + "0"));
  EXPECT_EQ(to_hex(hash_token("")).size(), 64U);
}

}  // namespace
}  // namespace chat::service

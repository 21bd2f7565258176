#include "chat/service/password_hasher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace chat::service {
namespace {

class PasswordHasherTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(hasher_.open()); }
  PasswordHasher hasher_{1024, 2};
};

TEST_F(PasswordHasherTest, KnowsTheRightPassword) {
  const auto hash = hasher_.hash("secret-1");
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->substr(0, 9), "$argon2id");
  EXPECT_EQ(hash->find("secret"), std::string::npos);
  EXPECT_TRUE(hasher_.verify(*hash, "secret-1"));
  EXPECT_FALSE(hasher_.verify(*hash, "secret-2"));
  EXPECT_FALSE(hasher_.verify(*hash, ""));
  EXPECT_FALSE(hasher_.verify(*hash, "secret-1 "));
  EXPECT_NE(*hasher_.hash("secret-1"), *hash);  // salted
}

TEST_F(PasswordHasherTest, KnowsWhichHashesCostLess) {
  const auto hash = hasher_.hash("secret-1");
  ASSERT_TRUE(hash);
  const auto weaker_by = [&](std::size_t memory_kib, std::uint64_t ops) {
    return PasswordHasher(memory_kib, ops).is_weaker(*hash);
  };
  EXPECT_FALSE(weaker_by(1024, 2));
  EXPECT_TRUE(weaker_by(2048, 2));
  EXPECT_TRUE(weaker_by(1024, 3));
  EXPECT_TRUE(weaker_by(2048, 3));
  EXPECT_FALSE(weaker_by(512, 2));
  EXPECT_FALSE(weaker_by(1024, 1));
  EXPECT_FALSE(weaker_by(2048, 1));  // more of one and less of the other: not clear
  EXPECT_TRUE(hasher_.is_weaker("plain text"));
}

TEST_F(PasswordHasherTest, PasswordMayHoldAnyByte) {
  const std::string password("a\0b\xff", 4);
  const auto hash = hasher_.hash(password);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hasher_.verify(*hash, password));
  EXPECT_FALSE(hasher_.verify(*hash, std::string("a\0c\xff", 4)));
}

TEST_F(PasswordHasherTest, NoPasswordIsRightForAnUnknownAccount) {
  EXPECT_FALSE(hasher_.verify("", "secret-1"));
  EXPECT_FALSE(hasher_.verify("", "the password of nobody"));
  EXPECT_FALSE(hasher_.verify("no hash at all", "secret-1"));
}

TEST_F(PasswordHasherTest, UnknownAccountTakesAboutAsLong) {
  const std::string hash = *hasher_.hash("secret-1");
  const auto fastest = [this](const std::string& stored) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 20; ++i) {
      const auto began = std::chrono::steady_clock::now();
      EXPECT_FALSE(hasher_.verify(stored, "wrong"));
      best = std::min(best, std::chrono::steady_clock::now() - began);
    }
    return std::chrono::duration<double>(best).count();
  };
  const double known = fastest(hash);
  const double unknown = fastest("");
  EXPECT_GT(unknown, known / 3);
  EXPECT_LT(unknown, known * 3);
}

}  // namespace
}  // namespace chat::service

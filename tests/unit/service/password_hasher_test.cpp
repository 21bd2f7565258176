#include "service/credentials/password_hasher.h"

#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/processes/memory_limit.h"

namespace chat::service {
namespace {

class PasswordHasherTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(hasher_.open()); }
  bool right(const std::string& stored, const std::string& password) const {
    const auto verdict = hasher_.verify(stored, password);
    EXPECT_TRUE(verdict);
    return verdict.value_or(false);
  }
  PasswordHasher hasher_{1024, 2};
};

TEST_F(PasswordHasherTest, AcceptsOnlyTheRightPassword) {
  const auto hash = hasher_.hash("secret-1");
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->substr(0, 9), "$argon2id");
  EXPECT_EQ(hash->find("secret"), std::string::npos);
  EXPECT_TRUE(right(*hash, "secret-1"));
  EXPECT_FALSE(right(*hash, "secret-2"));
  EXPECT_FALSE(right(*hash, ""));
  EXPECT_FALSE(right(*hash, "secret-1 "));
  EXPECT_NE(*hasher_.hash("secret-1"), *hash);  // salted
}

TEST_F(PasswordHasherTest, RecognisesCheaperHashes) {
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

TEST_F(PasswordHasherTest, PasswordMayContainAnyByte) {
  const std::string password("a\0b\xff", 4);
  const auto hash = hasher_.hash(password);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(right(*hash, password));
  EXPECT_FALSE(right(*hash, std::string("a\0c\xff", 4)));
}

TEST_F(PasswordHasherTest, NoPasswordIsRightForAnUnknownAccount) {
  EXPECT_FALSE(right("", "secret-1"));
  EXPECT_FALSE(right("", "the password of nobody"));
}

TEST_F(PasswordHasherTest, NoPasswordIsRightForATruncatedHash) {
  const std::string hash = *hasher_.hash("secret-1");
  ASSERT_TRUE(right(hash, "secret-1"));
  std::vector<std::string> broken = {"no hash at all", hash + "A", "x" + hash};
  for (std::size_t i = 1; i < hash.size(); ++i) broken.push_back(hash.substr(0, i));
  for (const auto& [was, is] : {std::pair{"id$v", "i$v"}, {"v=19", "v=18"}, {"p=1", "p=2"}}) {
    broken.push_back(hash);
    broken.back().replace(hash.find(was), std::string_view(was).size(), is);
  }
  for (const std::string& stored : broken) {
    EXPECT_FALSE(right(stored, "secret-1")) << stored;
    EXPECT_TRUE(hasher_.is_weaker(stored)) << stored;
  }
}

TEST_F(PasswordHasherTest, AcceptsHashesOfTheLibrary) {
  const std::string password = "secret-1";
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  ASSERT_EQ(crypto_pwhash_str(hash.data(), password.data(), password.size(), 3, 64 << 10), 0);
  EXPECT_TRUE(right(hash.data(), password));
  EXPECT_FALSE(right(hash.data(), "secret-2"));
  const std::string ours = *hasher_.hash(password);
  EXPECT_EQ(crypto_pwhash_str_verify(ours.c_str(), password.data(), password.size()), 0);
}

TEST_F(PasswordHasherTest, OutOfMemoryIsNotAWrongPassword) {
  PasswordHasher hasher(65'536, 1);  // more than malloc() keeps for the next one
  ASSERT_TRUE(hasher.open());
  const std::string hash = *hasher.hash("secret-1");
  for (const std::string& stored : {hash, std::string()}) {
    for (const std::string password : {"secret-1", "wrong"}) {
      const auto verdict = [&] {
        const test::MemoryLimit limit(::getpid(), 32 << 20);
        return hasher.verify(stored, password);
      }();
      ASSERT_FALSE(verdict);
      EXPECT_EQ(verdict.error().code, ErrorCode::kUnavailable);
    }
  }
  EXPECT_TRUE(right(hash, "secret-1"));
}

TEST_F(PasswordHasherTest, UnknownAccountTakesAboutAsLong) {
  const std::string hash = *hasher_.hash("secret-1");
  const auto fastest = [this](const std::string& stored) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 20; ++i) {
      const auto began = std::chrono::steady_clock::now();
      EXPECT_FALSE(right(stored, "wrong"));
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

#include "chat/base/flat_map.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <unordered_map>

#include "chat/base/ids.h"

namespace chat::base {
namespace {

using Map = FlatMap<UserId, int>;

TEST(FlatMap, FindsNothingWhileItIsEmpty) {
  Map map;
  EXPECT_EQ(map.find({1}), nullptr);
  EXPECT_FALSE(map.extract({1}));
  EXPECT_TRUE(map.empty());
  map[{1}] = 1;
  map.clear();
  EXPECT_EQ(map.find({1}), nullptr);
  EXPECT_EQ(map.size(), 0U);
}

TEST(FlatMap, AddsOnceAndKeepsExistingValues) {
  Map map;
  EXPECT_TRUE(map.try_emplace({7}).second);
  map[{7}] = 70;
  const auto [value, added] = map.try_emplace({7});
  EXPECT_FALSE(added);
  EXPECT_EQ(*value, 70);
  EXPECT_EQ(map.extract({7}), 70);
  EXPECT_FALSE(map.contains({7}));
}

TEST(FlatMap, EraseDestroysTheValue) {
  FlatMap<UserId, std::shared_ptr<int>> map;
  const auto value = std::make_shared<int>(1);
  map[{1}] = value;
  map.erase({1});
  EXPECT_EQ(value.use_count(), 1);
}

// All keys hash to the end of the table, so probing wraps around.
struct SameHome {
  int value = 0;
  friend bool operator==(const SameHome&, const SameHome&) = default;
};

}  // namespace
}  // namespace chat::base

template <>
struct std::hash<chat::base::SameHome> {
  std::size_t operator()(const chat::base::SameHome&) const { return ~std::size_t{0}; }
};

namespace chat::base {
namespace {

TEST(FlatMap, CollidingKeysAreFoundAfterErasingAny) {
  for (int erased = 1; erased <= 20; ++erased) {
    FlatMap<SameHome, int> map;
    for (int key = 1; key <= 20; ++key) map[{key}] = key;
    map.erase({erased});
    for (int key = 1; key <= 20; ++key) {
      const int* found = map.find({key});
      ASSERT_EQ(found != nullptr, key != erased) << key << " without " << erased;
      if (found != nullptr) {
        ASSERT_EQ(*found, key);
      }
    }
  }
}

// Few keys, so that they collide often, and every size from none to all.
TEST(FlatMap, BehavesLikeAReferenceMap) {
  std::mt19937 random(1);
  for (const int keys : {10, 100, 5000}) {
    Map map;
    std::unordered_map<UserId, int> other;
    for (int step = 0; step < 100'000; ++step) {
      const UserId key{1 + static_cast<int>(random() % static_cast<unsigned>(keys))};
      const bool grows = (step / 10'000) % 2 == 0;
      if (random() % 10 < (grows ? 7 : 3)) {
        map[key] = step;
        other[key] = step;
      } else {
        const auto taken = map.extract(key);
        ASSERT_EQ(taken.has_value(), other.erase(key) == 1);
      }
      ASSERT_EQ(map.size(), other.size());
    }
    std::size_t seen = 0;
    map.for_each([&](UserId key, int value) {
      ++seen;
      ASSERT_EQ(other.at(key), value);
    });
    EXPECT_EQ(seen, other.size());
    for (const auto& [key, value] : other) ASSERT_EQ(*map.find(key), value);
  }
}

}  // namespace
}  // namespace chat::base

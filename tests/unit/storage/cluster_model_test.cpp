#include "chat/storage/cluster_model.h"

#include <string>
#include <thread>
#include <vector>

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class ClusterModelTest : public StorageTest {
 protected:
  std::string id() {
    const auto id = ClusterModel(*connection_).id();
    EXPECT_TRUE(id) << id.error().message;
    return id.value_or("");
  }
};

TEST_F(ClusterModelTest, IdIsCreatedOnce) {
  EXPECT_EQ(number("SELECT COUNT(*) FROM cluster"), 0);
  const std::string first = id();
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos) << first;
  EXPECT_EQ(id(), first);
  EXPECT_EQ(number("SELECT COUNT(*) FROM cluster"), 1);
}

TEST_F(ClusterModelTest, ServersThatStartAtOnceAgreeOnTheId) {
  constexpr std::size_t kServers = 4;
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < kServers; ++i) connections.push_back(connect());
  std::vector<std::string> ids(kServers);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kServers; ++i) {
      threads.emplace_back(
          [&, i] { ids[i] = ClusterModel(*connections[i]).id().value_or("failed"); });
    }
  }
  EXPECT_EQ(ids, std::vector<std::string>(kServers, id()));
}

TEST_F(ClusterModelTest, EveryStartRaisesTheCounter) {
  id();
  for (int start = 1; start <= 3; ++start) {
    ASSERT_TRUE(write([&] { return ClusterModel(*connection_).serialise_start(); }));
    EXPECT_EQ(number("SELECT starts FROM cluster"), start);
  }
}

TEST_F(ClusterModelTest, StartWithoutARowIsRefused) {
  EXPECT_FALSE(write([&] { return ClusterModel(*connection_).serialise_start(); }));
}

}  // namespace
}  // namespace chat::storage

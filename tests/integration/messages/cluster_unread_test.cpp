// The same over two servers.
#include "integration/cluster/cluster_fixture.h"
#include "integration/messages/unread_model.h"
#include "support/test_seed.h"

namespace chat::test {
namespace {

using ClusterUnreadCounts = WithCluster;

TEST_F(ClusterUnreadCounts, EqualARecountAfterEveryStep) {
  UnreadModel model([this](std::size_t node) -> ServerProcess& { return cluster->node(node); }, 2,
                    cluster->storage(), test_seed());
  model.run(UnreadModel::steps_to_run(150));
}

}  // namespace
}  // namespace chat::test

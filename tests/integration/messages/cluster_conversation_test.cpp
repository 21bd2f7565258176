// The same over two servers.
#include "integration/cluster/cluster_fixture.h"
#include "integration/messages/model/conversation_model.h"
#include "support/test_seed.h"

namespace chat::test {
namespace {

class ClusterConversations : public WithCluster {
 protected:
  ClusterConversations() : WithCluster(2, {"messages.recall_seconds=0"}) {}
};

TEST_F(ClusterConversations, EqualHistoryAfterEveryStep) {
  ConversationModel model(
      [this](std::size_t node) -> ServerProcess& { return cluster->node(node); }, 2,
      cluster->storage(), test_seed());
  model.run(ConversationModel::steps_to_run(200));
}

}  // namespace
}  // namespace chat::test

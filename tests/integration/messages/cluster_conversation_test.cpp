// The same over two servers.
#include "integration/cluster/cluster_fixture.h"
#include "integration/messages/random_run/conversation_run.h"
#include "support/test_seed.h"

namespace chat::test {
namespace {

class ClusterConversations : public WithCluster {
 protected:
  ClusterConversations() : WithCluster(2, {"messages.recall_seconds=0"}) {}
};

TEST_F(ClusterConversations, EqualHistoryAfterEveryStep) {
  ConversationRun run([this](std::size_t node) -> ServerProcess& { return cluster->node(node); }, 2,
                      cluster->storage(), test_seed());
  run.make(ConversationRun::steps_to_run(200));
}

}  // namespace
}  // namespace chat::test

// Unread counts, HISTORY and what clients show, after random steps on one server.
#include <gtest/gtest.h>

#include "integration/messages/random_run/conversation_run.h"
#include "support/test_seed.h"

namespace chat::test {
namespace {

TEST(Conversations, EqualHistoryAfterEveryStep) {
  ServerProcess server({"messages.recall_seconds=0"});
  ConversationRun run([&server](std::size_t) -> ServerProcess& { return server; }, 1,
                      server.storage(), test_seed());
  run.make(ConversationRun::steps_to_run(300));
}

}  // namespace
}  // namespace chat::test

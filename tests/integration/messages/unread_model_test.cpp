// Unread counts of one server, after random steps.
#include <gtest/gtest.h>

#include "integration/messages/unread_model.h"
#include "support/test_seed.h"

namespace chat::test {
namespace {

TEST(UnreadCounts, EqualARecountAfterEveryStep) {
  ServerProcess server;
  UnreadModel model([&server](std::size_t) -> ServerProcess& { return server; }, 1,
                    server.storage(), test_seed());
  model.run(UnreadModel::steps_to_run(250));
}

}  // namespace
}  // namespace chat::test

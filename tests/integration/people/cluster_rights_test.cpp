// The matrix of rights, with actors and targets on different servers.
#include "integration/cluster/cluster_fixture.h"
#include "integration/people/rights_stage.h"

namespace chat::test::rights {
namespace {

class ClusterRights : public WithCluster {
 protected:
  std::vector<std::uint16_t> ports() { return {port(0), port(1)}; }
};

class ClusterRightsInGroups : public ClusterRights, public ::testing::WithParamInterface<State> {};
INSTANTIATE_TEST_SUITE_P(AllStates, ClusterRightsInGroups, ::testing::ValuesIn(kStates),
                         [](const auto& state) { return std::string(name_of(state.param)); });

TEST_P(ClusterRightsInGroups, AreThoseOfTheRole) {
  GroupStage stage(ports(), GetParam());
  for (const Question& question : questions_of(GetParam())) expect_right(stage.try_out(question));
}

TEST_P(ClusterRightsInGroups, OfTypingAreThoseOfAMessage) {
  GroupStage stage(ports(), GetParam());
  for (const Role role : kRoles) stage.expect_typing(role);
}

// The other server may not have heard yet that an account was deleted.
TEST_F(ClusterRights, OfTypingBetweenUsersAreThoseOfAMessage) {
  ContactStage stage(ports());
  for (std::size_t i = 0; i < kRelations; ++i) {
    const auto relation = static_cast<Relation>(i);
    if (relation == Relation::kDeleted || relation == Relation::kSelf) continue;
    stage.expect_typing(relation);
  }
}

TEST_F(ClusterRights, BetweenUsersAreThoseOfTheRelation) {
  ContactStage stage(ports());
  for (std::size_t relation = 0; relation < kRelations; ++relation) {
    for (std::size_t act = 0; act < contact_acts().size(); ++act) {
      expect_right(stage.try_out(static_cast<Relation>(relation), act));
    }
  }
}

}  // namespace
}  // namespace chat::test::rights

// Who may do what: each role of an actor, each action, each target, in groups of each kind and
// between users of each relation. Every action is repeated once, as after a lost answer. The
// expectations restate PROTOCOL.md (group_rights.cpp, contact_rights.cpp).
#include <gtest/gtest.h>

#include "integration/server_fixture.h"
#include "rights_stage.h"

namespace chat::test::rights {
namespace {

TEST(RightsMatrix, HasAllCells) {
  std::size_t cells = kRelations * contact_acts().size();
  for (const State state : kStates) cells += questions_of(state).size();
  EXPECT_GT(cells, 400u);
  for (std::size_t i = 0; i < kRelations; ++i) {
    EXPECT_EQ(row_of(static_cast<Relation>(i)).answers.size(), contact_acts().size());
  }
}

class RightsInGroups : public WithServer, public ::testing::WithParamInterface<State> {};
INSTANTIATE_TEST_SUITE_P(AllStates, RightsInGroups, ::testing::ValuesIn(kStates),
                         [](const auto& state) { return std::string(name_of(state.param)); });

TEST_P(RightsInGroups, AreThoseOfTheRole) {
  GroupStage stage({port()}, GetParam());
  for (const Question& question : questions_of(GetParam())) expect_right(stage.try_out(question));
}

TEST_P(RightsInGroups, OfTypingAreThoseOfAMessage) {
  GroupStage stage({port()}, GetParam());
  for (const Role role : kRoles) stage.expect_typing(role);
}

using RightsBetweenUsers = WithServer;

TEST_F(RightsBetweenUsers, OfTypingAreThoseOfAMessage) {
  ContactStage stage({port()});
  for (std::size_t i = 0; i < kRelations; ++i) {
    const auto relation = static_cast<Relation>(i);
    if (relation != Relation::kSelf) stage.expect_typing(relation);  // nobody else is there
  }
}

TEST_F(RightsBetweenUsers, AreThoseOfTheRelation) {
  ContactStage stage({port()});
  for (std::size_t relation = 0; relation < kRelations; ++relation) {
    for (std::size_t act = 0; act < contact_acts().size(); ++act) {
      expect_right(stage.try_out(static_cast<Relation>(relation), act));
    }
  }
}

}  // namespace
}  // namespace chat::test::rights

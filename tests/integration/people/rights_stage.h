#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contact_rights.h"
#include "group_rights.h"

namespace chat::test::rights {

// One cell of a matrix, tried out.
struct Trial {
  std::string what;
  int expected = 0;
  int expected_again = 0;
  Json reply;
  Json again;                                // the reply to the same request sent again
  std::optional<std::int64_t> rows_added{};  // to the group's stream by the first attempt
  std::optional<std::int64_t> rows_added_again{};
};

// Two users of each role and one creator, over the servers' ports in turn; and a group in which
// they have these roles.
// Threading: externally synchronised.
class GroupStage {
 public:
  GroupStage(std::vector<std::uint16_t> ports, State state);

  Trial try_out(const Question& question);
  // TYPING by the user of that role: refused like a message, or seen by another member, and only
  // by that.
  void expect_typing(Role actor);

 private:
  User& user(Role role, bool second = false);
  std::int64_t id_of(const Question& question);
  void add_users();
  void build();
  void ask(User& who, Json request);
  std::int64_t head();

  const std::vector<std::uint16_t> ports_;
  const State state_;
  std::map<std::pair<Role, bool>, User> users_;
  std::map<std::pair<Role, bool>, std::int64_t> messages_;  // the seq of what each has written
  std::int64_t deleted_ = 0;
  std::int64_t group_ = 0;  // 0: to be built
  int groups_ = 0;
};

// A new pair of users for each trial.
class ContactStage {
 public:
  explicit ContactStage(std::vector<std::uint16_t> ports) : ports_(std::move(ports)) {}

  Trial try_out(Relation relation, std::size_t act);
  // TYPING to a user of that relation: refused like a message, or seen by it.
  void expect_typing(Relation relation);

 private:
  User new_user(const std::string& name, std::size_t port, bool acknowledges = false);

  const std::vector<std::uint16_t> ports_;
  int pairs_ = 0;
};

// All questions about a group in this state.
std::vector<Question> questions_of(State state);

// Adds a failure to the test for each difference.
void expect_right(const Trial& trial);

}  // namespace chat::test::rights

#include "rights_stage.h"

#include <gtest/gtest.h>

#include "support/clients/expect.h"
#include "support/deadline.h"

namespace chat::test::rights {
namespace {

constexpr std::int64_t kUnknownUser = 2'000'000'000;
// How soon a change of contacts binds on other servers.
constexpr milliseconds kBinding{10'000};

bool joins(Role role) {
  return role == Role::kAdmin || role == Role::kMember || role == Role::kMuted ||
         role == Role::kFormer;
}

// Whoever has an answer to PING has got what was sent before it.
std::size_t typings_shown_to(User& user) {
  expect_alive(user.client);
  std::size_t shown = 0;
  while (user.client.waiting() > 0) shown += user.client.receive().at("msgid") == 205 ? 1 : 0;
  return shown;
}

// TYPING has no reply unless it fails; `expected` is the errno of a message.
void expect_typing_of(User& actor, User& other, const Json& chat, int expected,
                      const std::string& what) {
  Json request = {{"msgid", 52}, {"on", true}, {"cid", "typing"}};
  request.update(chat);
  actor.client.send(request);
  if (expected != 0) {
    EXPECT_EQ(actor.client.reply(request).at("errno"), expected) << what;
    EXPECT_EQ(typings_shown_to(other), 0U) << what;
    return;
  }
  Json push = chat;
  push.update({{"msgid", 205}, {"id", actor.id()}, {"on", true}});
  EXPECT_EQ(other.client.push(205), push) << what;
  EXPECT_EQ(typings_shown_to(actor), 0U) << what;
}

}  // namespace

GroupStage::GroupStage(std::vector<std::uint16_t> ports, State state)
    : ports_(std::move(ports)), state_(state) {
  add_users();
}

// The second users and the creator are on the first server, the others on the last.
void GroupStage::add_users() {
  for (const Role role : kRoles) {
    for (const bool second : {false, true}) {
      if (role == Role::kCreator && second) continue;
      const bool on_first = second || role == Role::kCreator;
      const std::string name = std::string(name_of(role)) + (second ? " 2" : "");
      const Json ack = {{"ack", role == Role::kMember && second}};  // sees who is typing
      users_.emplace(std::pair(role, second),
                     new_user(on_first ? ports_.front() : ports_.back(), name, Wire::kText, ack));
    }
  }
  User deleted = new_user(ports_.front(), "deleted");
  deleted_ = deleted.id();
  request_ok(deleted.client, {{"msgid", 27}, {"password", deleted.account.password}});
}

User& GroupStage::user(Role role, bool second) {
  return users_.at({role, second && role != Role::kCreator});
}

void GroupStage::ask(User& who, Json request) {
  request["groupid"] = group_;
  request_ok(who.client, request);
}

// What was pushed to the users is dropped, so that their inboxes stay small.
void GroupStage::build() {
  for (auto& [key, user] : users_) {
    while (user.client.waiting() > 0) (void)user.client.receive();
  }
  User& creator = user(Role::kCreator);
  group_ = creator.create_group(std::string(name_of(state_)) + " " + std::to_string(++groups_));
  for (auto& [key, each] : users_) {
    if (joins(key.first)) ask(each, {{"msgid", 9}});
  }
  messages_.clear();
  for (auto& [key, each] : users_) {
    if (joins(key.first) || key.first == Role::kCreator) {
      messages_[key] = each.group_chat(group_, "hello").at("seq");
    }
  }
  for (auto& [key, each] : users_) {
    const std::int64_t id = each.id();
    switch (key.first) {
      case Role::kAdmin: ask(creator, {{"msgid", 42}, {"userid", id}, {"role", "admin"}}); break;
      case Role::kMuted: ask(creator, {{"msgid", 43}, {"userid", id}, {"seconds", 3600}}); break;
      case Role::kFormer: ask(each, {{"msgid", 40}}); break;
      case Role::kInvited: ask(creator, {{"msgid", 46}, {"userid", id}}); break;
      default: break;
    }
  }
  ask(creator, {{"msgid", 44}, {"joining", "approval"}});
  for (const bool second : {false, true}) ask(user(Role::kApplicant, second), {{"msgid", 9}});
  if (state_ == State::kOpen) ask(creator, {{"msgid", 44}, {"joining", "open"}});
  if (state_ == State::kInvite) ask(creator, {{"msgid", 44}, {"joining", "invite"}});
  if (state_ == State::kDismissed) ask(creator, {{"msgid", 47}});
}

std::int64_t GroupStage::id_of(const Question& question) {
  if (is_on_message(question.act)) {
    const bool own = question.target.kind == Target::Kind::kSelf;
    const Role author = own ? question.actor : question.target.role;
    const auto found = messages_.find({author, !own && author != Role::kCreator});
    return found == messages_.end() ? 1 : found->second;
  }
  switch (question.target.kind) {
    case Target::Kind::kSelf: return user(question.actor).id();
    case Target::Kind::kOther: return user(question.target.role, true).id();
    case Target::Kind::kDeleted: return deleted_;
    case Target::Kind::kUnknown:
    case Target::Kind::kNone: break;
  }
  return kUnknownUser;
}

std::int64_t GroupStage::head() {
  const Json history = request_ok(user(Role::kMember, true).client,
                                  {{"msgid", 25}, {"groupid", group_}, {"limit", 1}});
  return history.at("messages").at(0).at("seq");
}

Trial GroupStage::try_out(const Question& question) {
  if (group_ == 0) build();
  User& actor = user(question.actor);
  const Json request = request_of(question.act, group_, id_of(question));
  Trial trial{describe(question), expected(question), expected_again(question), {}, {}};
  // The second member, who reads the stream, may be the one who is removed.
  const bool removed = question.act == Act::kRemove && question.target.role == Role::kMember &&
                       question.target.kind == Target::Kind::kOther;
  const std::int64_t before = removed ? 0 : head();
  trial.reply = actor.client.request(request);
  const std::int64_t between = removed ? 0 : head();
  trial.again = actor.client.request(request);
  if (!removed) {
    trial.rows_added = between - before;
    trial.rows_added_again = head() - between;
  }
  const bool ok = trial.reply.value("errno", -1) == 0;
  if (ok && adds_rows(question.act)) trial.rows_added_again.reset();
  if (ok && changes_group(question.act)) group_ = 0;
  return trial;
}

void GroupStage::expect_typing(Role actor) {
  if (group_ == 0) build();
  const Question message{Act::kChat, actor, {}, state_};
  expect_typing_of(user(actor), user(Role::kMember, true), {{"groupid", group_}}, expected(message),
                   describe(message) + ", typing");
}

std::vector<Question> questions_of(State state) {
  std::vector<Question> questions;
  for (const Role actor : kRoles) {
    for (const Act act : kActs) {
      for (const Target& target : targets_of(act, actor)) {
        questions.push_back({act, actor, target, state});
      }
    }
  }
  return questions;
}

User ContactStage::new_user(const std::string& name, std::size_t port, bool acknowledges) {
  return test::new_user(ports_[port % ports_.size()], name + std::to_string(pairs_), Wire::kText,
                        {{"ack", acknowledges}});
}

void ContactStage::expect_typing(Relation relation) {
  ++pairs_;
  User actor = new_user("actor ", 1);
  User other = new_user("other ", 0, true);
  relate(relation, actor, other);
  const ContactRow& row = row_of(relation);
  const std::int64_t id = relation == Relation::kUnknown ? kUnknownUser : other.id();
  User bystander = new_user("bystander ", 0, true);
  User& sees = relation == Relation::kDeleted ? bystander : other;
  expect_typing_of(actor, sees, {{"toid", id}}, row.answers.front().first,
                   std::string("Typing to ") + row.name);
}

Trial ContactStage::try_out(Relation relation, std::size_t act) {
  ++pairs_;
  User actor = new_user("actor ", 1);
  User other = new_user("other ", 0);
  relate(relation, actor, other);
  std::int64_t id = other.id();
  if (relation == Relation::kUnknown) id = kUnknownUser;
  if (relation == Relation::kSelf) id = actor.id();
  const std::int64_t group = actor.create_group("of " + actor.account.name);
  const ContactAct& tried = contact_acts()[act];
  const ContactRow& row = row_of(relation);
  Trial trial{std::string("With ") + row.name + ": " + tried.name,
              row.answers[act].first,
              row.answers[act].second,
              {},
              {}};
  const auto attempt = [&] { return actor.client.request(tried.request(id, group)); };
  trial.reply = attempt();
  // Another server learns of it a moment later.
  if (ports_.size() > 1) {
    (void)wait_until(
        [&] {
          if (trial.reply.value("errno", -1) == trial.expected) return true;
          trial.reply = attempt();
          return false;
        },
        kBinding);
  }
  trial.again = attempt();
  return trial;
}

void expect_right(const Trial& trial) {
  EXPECT_EQ(trial.reply.value("errno", -1), trial.expected) << trial.what << "\n" << trial.reply;
  EXPECT_EQ(trial.again.value("errno", -1), trial.expected_again) << trial.what << ", again\n"
                                                                  << trial.again;
  if (trial.reply.value("errno", -1) != 0) {
    EXPECT_FALSE(trial.reply.value("errmsg", "").empty()) << trial.what;
    EXPECT_EQ(trial.rows_added.value_or(0), 0) << trial.what;
  }
  EXPECT_EQ(trial.rows_added_again.value_or(0), 0) << trial.what << ", again";
}

}  // namespace chat::test::rights

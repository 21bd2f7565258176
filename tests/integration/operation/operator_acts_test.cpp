// What an operator does to accounts with chatctl, on one server.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "support/clients/classic_client.h"
#include "support/clients/secrets.h"
#include "support/processes/operator_tool.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;

constexpr int kBye = 204;
constexpr int kAnnouncement = 207;

class OperatorActs : public WithServer {
 protected:
  explicit OperatorActs(Settings more = {}) : WithServer(std::move(more)) {}

  Json ask(std::vector<std::string> words) { return tool_.ask(std::move(words)); }
  // Expects exit code 1, and returns the sentence.
  std::string refusal(const std::vector<std::string>& words) {
    const RunResult result = tool_.run(words);
    EXPECT_EQ(result.exit_code, 1) << result.output;
    EXPECT_EQ(result.output, "");
    return result.errors;
  }
  // The session has ended with BYE of this reason, after nothing else.
  static void expect_ended(User& user, const std::string& reason, int reconnect_after_ms) {
    const auto words = user.client.receive_to_end();
    ASSERT_EQ(words.size(), 1U);
    EXPECT_EQ(words[0].at("msgid"), kBye);
    EXPECT_EQ(words[0].at("reason"), reason);
    EXPECT_EQ(words[0].at("reconnect_after_ms"), reconnect_after_ms);
  }
  static Json token_login(const User& user) {
    return {{"msgid", 1}, {"token", user.welcome.at("token")}};
  }
  std::int64_t stored() { return server.storage().number("SELECT COUNT(*) FROM directmessage"); }

  const OperatorTool tool_{server};
};

TEST_F(OperatorActs, ListsUsersByPage) {
  for (int i = 1; i <= 5; ++i) register_account("user" + std::to_string(i));
  register_account("Other");
  const Json first = ask({"users", "--limit", "2"});
  ASSERT_EQ(first.at("users").size(), 2U);
  EXPECT_EQ(first.at("users")[0].at("name"), "user1");
  EXPECT_EQ(first.at("users")[0].at("state"), "offline");
  EXPECT_GT(first.at("users")[0].at("created"), 0);
  EXPECT_FALSE(first.at("users")[0].contains("disabled"));
  const std::string after = std::to_string(first.at("after").get<int>());
  const Json rest = ask({"users", "--after", after});
  EXPECT_EQ(rest.at("users").size(), 4U);
  EXPECT_FALSE(rest.contains("after"));
}

TEST_F(OperatorActs, ListsUsersByPrefixWithoutRegardToCase) {
  for (const char* name : {"user3", "user1", "User2", "usher", "other"}) register_account(name);
  const Json first = ask({"users", "USER", "--limit", "2"});
  ASSERT_EQ(first.at("users").size(), 2U);
  EXPECT_EQ(first.at("users")[0].at("name"), "user3");
  EXPECT_EQ(first.at("users")[1].at("name"), "user1");
  const Json rest = ask({"users", "user", "--after", std::to_string(first.at("after").get<int>())});
  ASSERT_EQ(rest.at("users").size(), 1U);
  EXPECT_EQ(rest.at("users")[0].at("name"), "User2");
  EXPECT_EQ(ask({"users", "nobody"}).at("users").size(), 0U);
}

TEST_F(OperatorActs, WhoShowsTheSessions) {
  User alice = new_user("alice", Wire::kBinary);
  register_account("offline");
  const Json sessions = ask({"who"}).at("sessions");
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_EQ(sessions[0].at("id"), alice.id());
  EXPECT_EQ(sessions[0].at("name"), "alice");
  EXPECT_EQ(sessions[0].at("address"), "127.0.0.1:" + std::to_string(alice.client.local_port()));
  EXPECT_EQ(sessions[0].at("client"), "binary");
  EXPECT_EQ(sessions[0].at("node"), alice.welcome.at("node"));
  EXPECT_GT(sessions[0].at("since"), 0);
  alice.client.close();
  EXPECT_TRUE(wait_until([&] { return ask({"who"}).at("sessions").empty(); }));
}

TEST_F(OperatorActs, NameUsersByIdOrName) {
  const Account alice = register_account("alice");
  const Account digits = register_account("1");
  EXPECT_EQ(ask({"user", "ALICE"}).at("user").at("id"), alice.id);
  EXPECT_EQ(ask({"user", std::to_string(alice.id)}).at("user").at("name"), "alice");
  EXPECT_EQ(ask({"user", "=1"}).at("user").at("id"), digits.id);
  EXPECT_THAT(refusal({"user", "bob"}), HasSubstr("there is no user bob"));
  EXPECT_THAT(refusal({"kick", "99"}), HasSubstr("there is no user 99"));
}

TEST_F(OperatorActs, TypingOfADisabledAccountIsNotShown) {
  User alice = new_user("alice");
  User bob = new_user("bob", Wire::kText, {{"ack", true}});
  EXPECT_EQ(ask({"disable", "alice"}).at("changed"), true);
  // A client that has not noticed yet that its session has ended.
  try {
    alice.client.send({{"msgid", 52}, {"toid", bob.id()}, {"on", true}});
  } catch (const ConnectionEnded&) {
  }
  for (const Json& frame : alice.client.receive_to_end()) EXPECT_EQ(frame.at("msgid"), kBye);
  bob.client.expect_no_push_for(milliseconds{300});
}

TEST_F(OperatorActs, KickEndsTheSessionAndAllowsLoggingInAgain) {
  User alice = new_user("alice");
  EXPECT_EQ(ask({"kick", "alice"}).at("changed"), true);
  expect_ended(alice, "kicked", 5000);
  EXPECT_EQ(ask({"kick", "alice"}).at("changed"), false);
  RawClient again(port());
  request_ok(again, token_login(alice));
  EXPECT_EQ(ask({"user", "alice"}).at("user").at("state"), "online");
}

TEST_F(OperatorActs, FriendsSeeAKickedUserOffline) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  request_ok(bob.client, add_friend_request(bob.account, alice.id()));
  bob.client.keep_presence();
  ask({"kick", "alice"});
  Json presence = Json::object();
  while (presence.value("state", "") != "offline") presence = bob.client.push(200);
  EXPECT_EQ(presence.at("id"), alice.id());
}

// Sends without a pause until the connection ends.
void send_until_the_end(User& from, std::int64_t to) {
  try {
    for (int i = 0;; ++i) from.client.send(chat_request(from.account, to, std::to_string(i)));
  } catch (const std::exception&) {
  }
}

TEST_F(OperatorActs, NothingIsStoredAfterAKickOfABusySender) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  auto sending = std::async(std::launch::async, [&] { send_until_the_end(alice, bob.id); });
  ASSERT_TRUE(wait_until([&] { return stored() > 100; }));
  ask({"kick", "alice"});
  const std::int64_t at_the_answer = stored();
  sending.get();
  User carl = new_user("carl");
  carl.chat(carl.id(), "stored after everything that was queued");
  EXPECT_EQ(stored(), at_the_answer + 1);
}

TEST_F(OperatorActs, DisableRefusesLoginsUntilEnabled) {
  User alice = new_user("alice");
  EXPECT_EQ(ask({"disable", "alice"}).at("changed"), true);
  expect_ended(alice, "account_disabled", -1);
  EXPECT_EQ(ask({"disable", "alice"}).at("changed"), false);
  EXPECT_TRUE(ask({"user", "alice"}).at("user").contains("disabled"));

  RawClient client(port());
  expect_refused(client, token_login(alice), errors::kInvalidToken);
  const Json told = expect_refused(client, login_request(alice.account), errors::kFailed);
  EXPECT_THAT(told.at("errmsg"), HasSubstr("this account is disabled"));
  const Json wrong = expect_refused(client, login_request(alice.account, {{"password", "wrong!"}}),
                                    errors::kFailed);
  EXPECT_EQ(wrong.at("errmsg"), "account or password is wrong");

  EXPECT_EQ(ask({"enable", "alice"}).at("changed"), true);
  EXPECT_EQ(ask({"enable", "alice"}).at("changed"), false);
  request_ok(client, login_request(alice.account));
}

TEST_F(OperatorActs, MessagesToADisabledAccountWait) {
  const Account alice = register_account("alice");
  User bob = new_user("bob");
  ask({"disable", "alice"});
  bob.chat(alice.id, "for later");
  ask({"enable", "alice"});
  User back = log_in(alice);
  EXPECT_EQ(collect_messages(back, 1)[0].at("msg"), "for later");
}

TEST_F(OperatorActs, ResetPasswordReplacesPasswordAndTokens) {
  User alice = new_user("alice");
  const std::string password = ask({"reset-password", "alice"}).at("password");
  note_secret(password);
  expect_ended(alice, "kicked", 5000);
  RawClient client(port());
  expect_refused(client, token_login(alice), errors::kInvalidToken);
  expect_refused(client, login_request(alice.account), errors::kFailed);
  request_ok(client, login_request(alice.account, {{"password", password}}));
}

TEST_F(OperatorActs, ResetPasswordTakesOneFromThePrompt) {
  const Account alice = register_account("alice");
  const RunResult result =
      tool_.run_with_input({"reset-password", "alice", "--prompt"}, "a new secret\n");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output.find("a new secret"), std::string::npos);
  RawClient client(port());
  request_ok(client, login_request(alice, {{"password", "a new secret"}}));
  const RunResult shorter = tool_.run_with_input({"reset-password", "alice", "--prompt"}, "abc\n");
  EXPECT_EQ(shorter.exit_code, 1);
  EXPECT_THAT(shorter.errors, HasSubstr("password"));
}

TEST_F(OperatorActs, DeleteRemovesTheAccountEverywhere) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t group = bob.create_group("tea");
  alice.join_group(group);
  EXPECT_EQ(bob.client.push(202).at("change"), "joined");
  alice.chat(bob.id(), "kept");
  EXPECT_THAT(refusal({"delete", "alice"}), HasSubstr("--yes"));
  ask({"delete", "alice", "--yes"});
  expect_ended(alice, "account_deleted", -1);
  const Json left = bob.client.push(202);
  EXPECT_EQ(left.at("change"), "left");
  EXPECT_EQ(left.at("id"), alice.id());
  expect_refused(bob.client, chat_request(bob.account, alice.id(), "too late"), errors::kNotFound);
  RawClient client(port());
  expect_refused(client, token_login(alice), errors::kInvalidToken);
  expect_refused(client, login_request(alice.account), errors::kFailed);
  EXPECT_THAT(refusal({"delete", "alice", "--yes"}), HasSubstr("there is no user alice"));
  EXPECT_NE(register_account("alice").id, alice.id());
}

TEST_F(OperatorActs, GroupsShowMembersAndCreator) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t tea = alice.create_group("tea", "afternoon talk");
  const std::int64_t chess = bob.create_group("chess");
  alice.join_group(chess);
  bob.group_chat(chess, "e4");
  const Json groups = ask({"groups"}).at("groups");
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].at("id"), tea);
  EXPECT_EQ(groups[0].at("members"), 1);
  EXPECT_EQ(ask({"groups", "CH"}).at("groups").size(), 1U);
  const Json group = ask({"group", std::to_string(chess)}).at("group");
  EXPECT_EQ(group.at("name"), "chess");
  EXPECT_EQ(group.at("members"), 2);
  EXPECT_EQ(group.at("messages"), 1);
  EXPECT_EQ(group.at("creator").at("name"), "bob");
  EXPECT_THAT(refusal({"group", "77"}), HasSubstr("there is no group 77"));
}

TEST_F(OperatorActs, DismissedGroupsCanBeReadButNotWrittenTo) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t group = alice.create_group("tea");
  bob.join_group(group);
  const std::string id = std::to_string(group);
  EXPECT_THAT(refusal({"dismiss", id}), HasSubstr("--yes"));
  bob.group_chat(group, "before");
  EXPECT_EQ(ask({"dismiss", id, "--yes"}).at("changed"), true);
  for (User* user : {&alice, &bob}) {
    expect_refused(user->client, group_chat_request(user->account, group, "late"),
                   errors::kNotAllowed);
  }
  Json event = Json::object();
  while (event.value("event", "") != "dismissed") event = bob.client.notice();
  EXPECT_EQ(event.at("kind"), "notice");
  EXPECT_EQ(event.at("msg"), "an operator dismissed this group");
  Json told = Json::object();  // the creator, in whose name the event is stored
  while (told.value("change", "") != "dismissed") told = alice.client.push(202);
  EXPECT_EQ(told.at("groupid"), group);
  EXPECT_TRUE(ask({"group", id}).at("group").contains("dismissed"));
  EXPECT_EQ(ask({"dismiss", id, "--yes"}).at("changed"), false);
  const std::string name = ask({"group", id}).at("group").at("name");
  bob.create_group(name);
  EXPECT_EQ(ask({"groups", name}).at("groups").size(), 2U) << "the name was free, and is kept";
  EXPECT_EQ(
      server.storage().number("SELECT COUNT(*) FROM groupmessage WHERE body LIKE '%operator%'"), 1);
  EXPECT_THAT(refusal({"dismiss", "77", "--yes"}), HasSubstr("there is no group 77"));
}

TEST_F(OperatorActs, AnnouncementReachesEverybodyOnline) {
  User alice = new_user("alice");
  User bob = new_user("bob", Wire::kBinary);
  RawClient stranger(port());
  expect_alive(stranger);
  ask({"announce", "The server restarts at 22:00."});
  for (User* user : {&alice, &bob}) {
    const Json push = user->client.push(kAnnouncement);
    EXPECT_EQ(push.at("text"), "The server restarts at 22:00.");
    EXPECT_GT(push.at("ts"), 0);
  }
  stranger.expect_no_push_for(milliseconds{50});
  EXPECT_THAT(refusal({"announce", "two\nlines"}), HasSubstr("control characters"));
}

TEST_F(OperatorActs, AnnouncementReachesClassicClientsAsALine) {
  const Account carl = register_account("carl");
  ClassicClient client(port());
  client.log_in(carl.id, carl.name);
  ask({"announce", "tea is ready"});
  const Json line = client.receive();
  EXPECT_EQ(line.at("msgid"), 6);
  EXPECT_EQ(line.at("id"), 0);
  EXPECT_EQ(line.at("name"), "server");
  EXPECT_EQ(line.at("msg"), "tea is ready");
}

class AuditedActs : public OperatorActs {
 protected:
  AuditedActs() : OperatorActs({"log.audit_file=" + file().string()}) {}
  ~AuditedActs() override { std::filesystem::remove(file()); }

  static std::filesystem::path file() {
    return std::filesystem::temp_directory_path() /
           ("operator-audit-" + std::to_string(::getpid()) + ".log");
  }
  // The last line, which is there when the command has been answered.
  static Json last() {
    Json last;
    std::ifstream in(file());
    for (std::string line; std::getline(in, line);) last = Json::parse(line);
    return last;
  }
  void expect_audited(const std::string& event, std::int64_t user) {
    const Json line = last();
    EXPECT_EQ(line.at("event"), event);
    EXPECT_EQ(line.at("operator"), ::getuid());
    EXPECT_EQ(line.value("user", 0), user);
    EXPECT_FALSE(line.contains("address"));
    EXPECT_FALSE(line.contains("changed")) << line;
  }
};

TEST_F(AuditedActs, AreWrittenBeforeTheyAreAnswered) {
  User alice = new_user("alice");
  ask({"kick", "alice"});
  expect_audited("user_kicked", alice.id());
  ask({"kick", "alice"});
  EXPECT_EQ(last().at("changed"), false);
  ask({"disable", "alice"});
  expect_audited("user_disabled", alice.id());
  ask({"enable", "alice"});
  expect_audited("user_enabled", alice.id());
  note_secret(ask({"reset-password", "alice"}).at("password").get<std::string>());
  expect_audited("password_reset", alice.id());
  ask({"announce", "hello"});
  expect_audited("announced", 0);
  ask({"registration", "closed"});
  expect_audited("registration_closed", 0);
  const std::string code = ask({"invite-code"}).at("code");
  expect_audited("invite_code_made", 0);
  ask({"delete", "alice", "--yes"});
  expect_audited("account_deleted", alice.id());
  std::ifstream in(file());
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(all.find(code), std::string::npos);
}

}  // namespace
}  // namespace chat::test

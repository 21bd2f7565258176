// The whole program with friends, groups and members that do not fit into one answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/deadline.h"
#include "unit/client/fake_server.h"
#include "unit/client/program.h"

namespace chat::client {
namespace {

using chat::test::wait_until;
using test::FakeServer;
using test::json;
using test::Peer;
using test::Program;
using test::run_script;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

json friend_item(int id) {
  return {{"id", id}, {"name", "friend " + std::to_string(id)}, {"state", "offline"}};
}

json member_item(int id) {
  return {{"id", id},
          {"name", "member " + std::to_string(id)},
          {"state", "offline"},
          {"role", id == 1 ? "creator" : "normal"}};
}

json group_item(int id, const std::string& name) {
  return {{"id", id}, {"groupname", name}, {"groupdesc", ""}, {"role", "normal"}};
}

json range(int from, int to, json (*item)(int)) {
  json out = json::array();
  for (int id = from; id <= to; ++id) out.push_back(item(id));
  return out;
}

// alice (1) has the friends 2 to 9 and the groups Tea (7) and Chess (8) with the members 1 to 500.
// Three friends fit into an answer, and no group into that to the login.
class PagingServer {
 public:
  std::uint16_t port() const { return server_.port(); }
  // Refuses LIST of groups so many times.
  void refuse_lists(int times) { refusals_ = times; }
  // The requests with this msgid.
  std::vector<json> of(int msgid) {
    const std::lock_guard lock(mutex_);
    std::vector<json> out;
    std::copy_if(requests_.begin(), requests_.end(), std::back_inserter(out),
                 [msgid](const json& each) { return each["msgid"] == msgid; });
    return out;
  }

 private:
  static json page(const json& request, const char* name, int first, int last, int size,
                   json (*item)(int)) {
    const int after = std::stoi(request.value("cursor", std::to_string(first - 1)));
    const int end = std::min(after + size, last);
    json out{{name, range(after + 1, end, item)}};
    if (end < last) out["cursor"] = std::to_string(end);
    return out;
  }
  json fields(const json& request) {
    switch (request["msgid"].get<int>()) {
      case 1:
        return {{"id", 1},
                {"name", "alice"},
                {"token", "t"},
                {"friends", range(2, 4, friend_item)},
                {"groups", json::array()},
                {"more_friends", true},
                {"more_groups", true}};
      case 6:
      case 10: return {{"seq", 1}, {"ts", 1'796'900'000'000}};
      case 30: {
        json out = page(request, "users", 1, 500, 250, member_item);
        out["group"] = group_item(request["groupid"], "Tea");
        return out;
      }
      case 31:
        if (request["kind"] == "friends") return page(request, "friends", 2, 9, 3, friend_item);
        if (request["kind"] != "groups") return {{request["kind"], json::array()}};
        if (refusals_ > 0) {
          --refusals_;
          return {{"errno", 31},
                  {"error", "busy"},
                  {"errmsg", "the server is busy, try again"},
                  {"retry_after_ms", 300}};
        }
        if (request.contains("cursor")) return {{"groups", {group_item(8, "Chess")}}};
        return {{"groups", {group_item(7, "Tea")}}, {"cursor", "7"}};
      case 35:
      case 37: return {{"errno", 23}, {"error", "not_found"}, {"errmsg", "not found"}};
      case 54: return {{"conversations", json::array()}};
      default: return json::object();
    }
  }
  void serve(Peer& peer) {
    while (const auto request = peer.next()) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(*request);
      }
      const int msgid = (*request)["msgid"];
      if (msgid == 22 || msgid == 23 || msgid == 52) continue;
      peer.send(Peer::reply_to(*request, fields(*request)));
    }
  }

  std::atomic<int> refusals_{0};
  std::mutex mutex_;
  std::vector<json> requests_;
  FakeServer server_{[this](Peer& peer) { serve(peer); }};
};

const std::string kLoginLine = "/login alice right1\n";

TEST(PagedLists, AreReadToTheEnd) {
  PagingServer server;
  const auto ended = run_script(server.port(), kLoginLine + "/friends\n/groups\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  for (int id = 2; id <= 9; ++id) {
    EXPECT_THAT(ended.output, HasSubstr("\nfriend id=" + std::to_string(id) + " "));
  }
  EXPECT_THAT(ended.output, HasSubstr("group id=7 name=\"Tea\""));
  EXPECT_THAT(ended.output, HasSubstr("group id=8 name=\"Chess\""));
  EXPECT_EQ(server.of(31).size(), 5U);
}

TEST(PagedLists, NamesOfLaterPagesNeedNoLookUp) {
  PagingServer server;
  const auto ended = run_script(
      server.port(), kLoginLine + "/chat \"friend 9\" hi\n/group Chess hello\n/leave Tea\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  ASSERT_EQ(server.of(6).size(), 1U);
  EXPECT_EQ(server.of(6)[0]["toid"], 9);
  ASSERT_EQ(server.of(10).size(), 1U);
  EXPECT_EQ(server.of(10)[0]["groupid"], 8);
  EXPECT_TRUE(server.of(35).empty() && server.of(37).empty());
}

class PagedOnTerminal : public ::testing::Test {
 protected:
  void log_in() {
    program.emplace(Program::On::kTerminal, server.port(),
                    std::vector<std::string>{"--no-color", "--no-save"});
    ASSERT_TRUE(program->wait_for("> "));
    program->write("/login alice right1\r");
    ASSERT_TRUE(program->wait_for("Logged in as alice"));
  }
  bool answers(const std::string& line, const std::string& text) {
    program->output.clear();
    program->write(line + "\r");
    return program->wait_for(text);
  }
  // All chats have been sent.
  bool is_settled() { return answers("/blocked", "You have blocked nobody."); }

  PagingServer server;
  std::optional<Program> program;
};

TEST_F(PagedOnTerminal, ListsAreReadInTheBackground) {
  log_in();
  const auto read_all = [this] { return server.of(31).size() >= 8; };  // three are about requests
  const auto deadline = base::system_clock().now() + std::chrono::seconds(10);
  while (!read_all() && base::system_clock().now() < deadline) ::poll(nullptr, 0, 10);
  EXPECT_TRUE(read_all());
  // What follows is read nowhere.
  ASSERT_TRUE(is_settled());
  ASSERT_TRUE(is_settled());
  EXPECT_EQ(server.of(31).size(), 10U);
}

// The name may be that of a group that is still missing.
TEST_F(PagedOnTerminal, NamesAreNotGuessedWhileListsAreRefused) {
  server.refuse_lists(1'000'000);
  log_in();
  EXPECT_TRUE(answers("/to \"friend 2\"", "are not all known yet"));
  EXPECT_TRUE(answers("/groups", "has not listed all groups yet"));
  EXPECT_LT(server.of(31).size(), 30U) << "it waits as long as the server says";
  server.refuse_lists(0);
  ASSERT_TRUE(wait_until([this] {
    const auto lists = server.of(31);
    return lists.back()["kind"] == "friends" && lists.back().value("cursor", "") == "7";
  })) << "the last page";
  EXPECT_TRUE(answers("/groups", "Chess"));
  program->write("/chat \"friend 9\" hi\r");
  ASSERT_TRUE(is_settled());
  ASSERT_EQ(server.of(6).size(), 1U);
  EXPECT_EQ(server.of(6)[0]["toid"], 9);
}

TEST_F(PagedOnTerminal, MembersOfAnyPageAreMentioned) {
  log_in();
  ASSERT_TRUE(answers("/to Chess", "[Chess]> "));
  program->write("hello @member 499 and @member 3\r");
  program->write("and @member 251\r");
  ASSERT_TRUE(is_settled());
  const auto sent = server.of(10);
  ASSERT_EQ(sent.size(), 2U) << program->output;
  EXPECT_THAT(sent[0].value("at", json()), ElementsAre(499, 3));
  EXPECT_THAT(sent[1].value("at", json()), ElementsAre(251));
  EXPECT_EQ(server.of(30).size(), 2U);  // once
  EXPECT_THAT(program->output, Not(HasSubstr("no member")));
}

TEST_F(PagedOnTerminal, ANameThatIsNoMembersIsReported) {
  log_in();
  ASSERT_TRUE(answers("/to Chess", "[Chess]> "));
  ASSERT_TRUE(answers("hello @nobody, @member 4 and x@example.org at @ 5",
                      "@nobody: no such member is known here"));
  ASSERT_TRUE(is_settled());
  const auto sent = server.of(10);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0].value("at", json()), ElementsAre(4));
}

}  // namespace
}  // namespace chat::client

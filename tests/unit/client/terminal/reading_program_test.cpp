// The whole program on a terminal: what it reads, and what it tells the server to be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "program.h"

namespace chat::client {
namespace {

using test::FakeServer;
using test::json;
using test::Peer;
using test::Program;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kFocusIn = "\x1b[I";
constexpr const char* kFocusOut = "\x1b[O";

template <typename Condition>
bool waits_until(const Condition& holds) {
  const auto deadline = base::system_clock().now() + std::chrono::seconds(10);
  do {
    if (holds()) return true;
  } while (::poll(nullptr, 0, 10) == 0 && base::system_clock().now() < deadline);
  return false;
}

// alice's server: what bob (2) has written to her, and what she confirms.
class BobsMessages {
 public:
  // All are received, and read up to `read`. The texts are "text 1", "text 2" …; those from
  // `events_from` on are edits.
  explicit BobsMessages(int count, int read = 0, int events_from = 1'000'000)
      : count_(count), read_(read), events_from_(events_from) {}

  std::uint16_t port() const { return server_.port(); }
  // Pushes the next message.
  void push() {
    const std::lock_guard lock(mutex_);
    if (peer_ != nullptr) peer_->send(message(++count_));
  }
  // Another session receives messages.
  void receive_elsewhere(int count) {
    const std::lock_guard lock(mutex_);
    count_ += count;
  }
  // The positions that were sent, in order: READ is 23, DELIVERED 22.
  std::vector<int> positions(int msgid) {
    const std::lock_guard lock(mutex_);
    return positions_[msgid];
  }
  bool waits_for(int msgid, int seq) {
    return waits_until([&] {
      const std::vector<int> all = positions(msgid);
      return std::find(all.begin(), all.end(), seq) != all.end();
    });
  }
  // Of USER_INFO for bob's id and for his name; 0: there is no such user.
  std::atomic<int> user_by_id{2};
  std::atomic<int> user_by_name{2};
  std::atomic<int> chats_to{0};
  std::atomic<bool> long_inbox{false};
  std::atomic<bool> refuses_typing{false};
  // `on` of each TYPING.
  std::vector<bool> typing() {
    const std::lock_guard lock(mutex_);
    return typing_;
  }
  std::atomic<int> edited{0};  // the message with this seq

 private:
  int texts() const { return std::min(count_, events_from_ - 1); }
  json message(int seq) const {
    json out = {{"msgid", 6},
                {"id", 2},
                {"name", "bob"},
                {"toid", 1},
                {"seq", seq},
                {"msg", "text " + std::to_string(seq) + "."},
                {"time", "2026-11-30 00:00:00"},
                {"ts", 1'796'000'000'000 + seq}};
    if (seq == edited) out["msg"] = "better text";
    if (seq >= events_from_) out.update({{"kind", "edit"}, {"ref", 1}, {"rev", 1}});
    return out;
  }
  json history(const json& request) const {
    const int limit = request.value("limit", 50);
    const int end =
        request.contains("cursor") ? std::stoi(request["cursor"].get<std::string>()) : count_ + 1;
    const int begin = std::max(1, end - limit);
    json messages = json::array();
    for (int seq = begin; seq < end; ++seq) messages.push_back(message(seq));
    json out = {{"messages", messages}};
    if (begin > 1) out["cursor"] = std::to_string(begin);
    return out;
  }
  json inbox(const json& request) const {
    json bob = {{"with", 2},      {"name", "bob"},           {"unread", texts() - read_},
                {"mentions", 0},  {"read_seq", read_},       {"pinned", false},
                {"muted", false}, {"last", message(texts())}};
    if (!long_inbox) return {{"conversations", {bob}}};
    if (!request.contains("cursor")) return {{"conversations", {bob}}, {"cursor", "2"}};
    bob.update({{"with", 3}, {"name", "carol"}, {"unread", 7}});
    bob["last"].update({{"id", 3}, {"name", "carol"}});
    if (request["cursor"] == "3") return {{"conversations", {bob}}};
    bob.update({{"with", 4}, {"name", "dave"}, {"unread", 8}});
    return {{"conversations", {bob}}, {"cursor", "3"}};
  }
  json user(const json& request) const {
    const int id = request.contains("name") ? user_by_name : user_by_id;
    if (id == 0) {
      return {{"errno", 23}, {"error", "not_found"}, {"errmsg", "there is no such user"}};
    }
    return {{"user", {{"id", id}, {"name", "bob"}, {"nick", ""}, {"bio", ""}, {"avatar", ""}}}};
  }
  json fields(const json& request) {
    const int msgid = request["msgid"];
    const bool other = msgid == 1 && request.value("name", "") == "other";
    json out = {{"id", other ? 9 : 1}, {"name", "alice"}, {"token", "t"}};
    if (msgid == 6) {
      chats_to = request["toid"];
      out.update({{"seq", 1}, {"ts", 1'796'900'000'000}});
      if (user_by_id == 0 && chats_to == 2) out.update(user({}));
    }
    if (msgid == 25) out.update(history(request));
    if (msgid == 35) out.update(user(request));
    if (msgid == 52) {
      out = {{"errno", 22}, {"error", "not_allowed"}, {"errmsg", "you are blocked"}};
    }
    if (msgid == 54) out.update(inbox(request));
    return out;
  }
  void serve(Peer& peer) {
    while (const auto request = peer.next()) {
      const std::lock_guard lock(mutex_);
      const int msgid = (*request)["msgid"];
      peer_ = &peer;
      if (msgid == 22 || msgid == 23) {
        EXPECT_EQ(request->value("from", 0), 2);
        positions_[msgid].push_back((*request)["seq"]);
        continue;
      }
      if (msgid == 52) typing_.push_back((*request)["on"]);
      if (msgid != 52 || refuses_typing) {
        peer.send(Peer::reply_to(*request, fields(*request)));
      }
    }
    const std::lock_guard lock(mutex_);
    peer_ = nullptr;
  }

  std::mutex mutex_;
  int count_;
  const int read_;
  const int events_from_;
  std::map<int, std::vector<int>> positions_;
  std::vector<bool> typing_;
  Peer* peer_ = nullptr;
  FakeServer server_{[this](Peer& peer) { serve(peer); }};
};

constexpr int kDelivered = 22;
constexpr int kRead = 23;

class Reading : public ::testing::Test {
 protected:
  void log_in(BobsMessages& server) {
    program.emplace(Program::On::kTerminal, server.port(),
                    std::vector<std::string>{"--no-color", "--no-save"});
    ASSERT_TRUE(program->wait_for("> "));
    program->write("/login alice right1\r");
    ASSERT_TRUE(program->wait_for("read"));  // "Unread: bob …", or "Nothing unread."
  }
  // Waits for the output after this call.
  bool answers(const std::string& line, const std::string& text) {
    program->output.clear();
    program->write(line + "\r");
    return program->wait_for(text);
  }
  // All that was to be sent before has been sent.
  bool is_settled() { return answers("/blocked", "You have blocked nobody."); }

  std::optional<Program> program;
};

TEST_F(Reading, AConversationBeginsWithTheFirstUnreadMessage) {
  BobsMessages server(180);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "130 newer unread messages: /more shows them."));
  EXPECT_THAT(program->output, HasSubstr("Unread with bob:"));
  EXPECT_THAT(program->output, HasSubstr("text 1."));
  EXPECT_THAT(program->output, HasSubstr("text 50."));
  EXPECT_THAT(program->output, Not(HasSubstr("text 51.")));
  ASSERT_TRUE(server.waits_for(kRead, 50));
  // What arrives is shown, but is not read before those in between.
  program->output.clear();
  server.push();
  ASSERT_TRUE(program->wait_for("text 181."));
  ASSERT_TRUE(server.waits_for(kDelivered, 181));
  ASSERT_TRUE(is_settled());
  EXPECT_THAT(server.positions(kRead), ElementsAre(50));
  ASSERT_TRUE(answers("/more", "81 newer unread messages"));
  ASSERT_TRUE(answers("/more", "31 newer unread messages"));
  ASSERT_TRUE(server.waits_for(kRead, 150));
  ASSERT_TRUE(answers("/more", "text 180."));
  ASSERT_TRUE(server.waits_for(kRead, 181));
  EXPECT_TRUE(answers("/more", "there is nothing more to show"));
  server.push();
  EXPECT_TRUE(server.waits_for(kRead, 182));
}

TEST_F(Reading, AFewUnreadMessagesAreShownAtOnce) {
  BobsMessages server(40, 10);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "text 40."));
  EXPECT_THAT(program->output, HasSubstr("text 11."));
  EXPECT_THAT(program->output, Not(HasSubstr("text 10.")));
  EXPECT_THAT(program->output, Not(HasSubstr("/more")));
  ASSERT_TRUE(server.waits_for(kRead, 40));
}

TEST_F(Reading, AnUnfinishedConversationGoesOnWhereItWasLeft) {
  BobsMessages server(120);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "70 newer unread messages"));
  ASSERT_TRUE(server.waits_for(kRead, 50));
  ASSERT_TRUE(answers("/to -", "> "));
  ASSERT_TRUE(answers("/to bob", "20 newer unread messages"));
  EXPECT_THAT(program->output, HasSubstr("text 51."));
  EXPECT_THAT(program->output, Not(HasSubstr("text 50.")));
}

TEST_F(Reading, TheNextUnreadMessagesAreShownAsTheyAreNow) {
  BobsMessages server(70);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "20 newer unread messages"));
  server.edited = 60;
  server.receive_elsewhere(5);
  ASSERT_TRUE(answers("/more", "text 75."));
  EXPECT_THAT(program->output, HasSubstr("better text"));
  EXPECT_THAT(program->output, Not(HasSubstr("text 60.")));
  EXPECT_TRUE(server.waits_for(kRead, 75));
}

TEST_F(Reading, TheNextUserDoesNotGetMoreOfThePagesBefore) {
  BobsMessages server(70);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "20 newer unread messages"));
  ASSERT_TRUE(answers("/logout", "Logged out."));
  ASSERT_TRUE(answers("/login other right1", "nread"));
  ASSERT_TRUE(answers("/more", "there is nothing more to show"));
  EXPECT_THAT(program->output, Not(HasSubstr("text")));
}

// Its messages remain, under its ID.
TEST_F(Reading, UnreadMessagesOfADeletedAccountCanBeRead) {
  BobsMessages server(20);
  log_in(server);
  server.user_by_id = 0;
  ASSERT_TRUE(answers("/to 2", "text 1."));
  EXPECT_TRUE(server.waits_for(kRead, 20));
}

TEST_F(Reading, WritingEndsTheSearchForUnreadMessages) {
  BobsMessages server(120);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "70 newer unread messages"));
  ASSERT_TRUE(answers("seen it", "✓"));
  server.push();
  EXPECT_TRUE(server.waits_for(kRead, 121));
}

TEST_F(Reading, HistoryReadsOnlyWhatItHasShown) {
  BobsMessages server(100);
  log_in(server);
  ASSERT_TRUE(answers("/history bob 5", "95 earlier unread messages: /more shows older messages."));
  server.push();
  ASSERT_TRUE(server.waits_for(kDelivered, 101));
  ASSERT_TRUE(is_settled());
  EXPECT_THAT(server.positions(kRead), IsEmpty());
  ASSERT_TRUE(answers("/history bob 100", "1 earlier unread message: /more"));
  ASSERT_TRUE(answers("/more", "text 1."));
  EXPECT_TRUE(server.waits_for(kRead, 101));
}

TEST_F(Reading, TooManyUnreadMessagesStayUnread) {
  BobsMessages server(1200);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "1190 earlier unread messages"));
  EXPECT_THAT(program->output, HasSubstr("text 1200."));
  EXPECT_THAT(program->output, Not(HasSubstr("text 1190.")));
  ASSERT_TRUE(is_settled());
  EXPECT_THAT(server.positions(kRead), IsEmpty());
}

TEST_F(Reading, NothingIsReadWithoutTheFocus) {
  BobsMessages server(3, 3);
  log_in(server);
  server.push();
  ASSERT_TRUE(server.waits_for(kRead, 4));
  program->write(kFocusOut);
  ASSERT_TRUE(is_settled());
  server.push();
  ASSERT_TRUE(program->wait_for("text 5."));
  ASSERT_TRUE(server.waits_for(kDelivered, 5));
  ASSERT_TRUE(is_settled());
  EXPECT_THAT(server.positions(kRead), Not(Contains(5)));
  program->write(kFocusIn);
  EXPECT_TRUE(server.waits_for(kRead, 5));
}

TEST_F(Reading, NothingIsReadWhileAPasswordIsAskedFor) {
  BobsMessages server(3, 3);
  log_in(server);
  ASSERT_TRUE(answers("/password", "Password: "));
  server.push();
  ASSERT_TRUE(program->wait_for("text 4."));
  ASSERT_TRUE(server.waits_for(kDelivered, 4));
  EXPECT_THAT(server.positions(kRead), IsEmpty());
  program->write("\x03");
  EXPECT_TRUE(server.waits_for(kRead, 4));
}

// What is typed before a question is dropped, but not a change of the focus.
TEST_F(Reading, TheFocusIsKnownBeforeAQuestion) {
  BobsMessages server(3, 3);
  log_in(server);
  program->write(kFocusOut);
  program->write(std::string("/password\rx") + kFocusIn);
  ASSERT_TRUE(program->wait_for("Password: "));
  server.push();
  ASSERT_TRUE(server.waits_for(kDelivered, 4));
  program->write("\x03\x15");
  EXPECT_TRUE(server.waits_for(kRead, 4));
}

TEST_F(Reading, ALogoutDropsWhatWasNotSeen) {
  BobsMessages server(3, 3);
  log_in(server);
  program->write(kFocusOut);
  ASSERT_TRUE(is_settled());
  server.push();
  ASSERT_TRUE(server.waits_for(kDelivered, 4));
  ASSERT_TRUE(answers("/logout", "Logged out."));
  ASSERT_TRUE(answers("/login other right1", "read"));
  program->write(kFocusIn);
  ASSERT_TRUE(is_settled());
  EXPECT_THAT(server.positions(kRead), Not(Contains(4))) << "it was not this user's";
}

TEST_F(Reading, PagesOfEditsAreSkipped) {
  BobsMessages server(300, 200, 201);
  log_in(server);
  // Waits for the last line, too, which must not be taken for one of the next page.
  const auto shows_page = [&](const std::string& line, const std::string& text) {
    return answers(line, text) && program->wait_for("/more shows older messages.");
  };
  ASSERT_TRUE(shows_page("/history bob 3", "text 200."));
  EXPECT_THAT(program->output, HasSubstr("text 198."));
  EXPECT_THAT(program->output, Not(HasSubstr("text 197.")));
  ASSERT_TRUE(shows_page("/more", "text 197."));
  EXPECT_THAT(program->output, HasSubstr("text 195."));
  EXPECT_THAT(program->output, Not(HasSubstr("text 194.")));
  ASSERT_TRUE(shows_page("/history bob 90", "text 200."));
  ASSERT_TRUE(shows_page("/more", "text 110."));
  ASSERT_TRUE(answers("/more", "text 20."));
  EXPECT_THAT(program->output, HasSubstr("text 1."));
  EXPECT_THAT(program->output, Not(HasSubstr("/more shows")));
}

// A page that was read for its first few messages does not answer for the rest of them.
TEST_F(Reading, EarlierMessagesAreShownAsTheyAreNow) {
  BobsMessages server(300, 200, 251);
  log_in(server);
  ASSERT_TRUE(answers("/history bob 3", "text 250."));
  EXPECT_THAT(program->output, HasSubstr("text 248."));
  EXPECT_THAT(program->output, Not(HasSubstr("text 247.")));
  server.edited = 246;
  ASSERT_TRUE(answers("/more", "text 247."));
  EXPECT_THAT(program->output, HasSubstr("better text"));
  EXPECT_THAT(program->output, HasSubstr("text 245."));
  EXPECT_THAT(program->output, Not(HasSubstr("text 244.")));
}

TEST_F(Reading, ManyPagesOfEditsAreNamed) {
  BobsMessages server(2000, 1, 2);
  log_in(server);
  ASSERT_TRUE(answers("/history bob 3", "(only edits and recalls here)"));
  EXPECT_TRUE(program->wait_for("/more shows older messages."));
}

TEST_F(Reading, TheLoginReadsAllPagesOfTheInbox) {
  BobsMessages server(3, 2);
  server.long_inbox = true;
  log_in(server);
  EXPECT_TRUE(program->wait_for("Unread: bob 1, dave 8, carol 7."));
}

TEST_F(Reading, ARefusedTypingIsNotShown) {
  BobsMessages server(1, 1);
  server.refuses_typing = true;
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "bob> "));
  program->output.clear();
  program->write("hello");
  ASSERT_TRUE(waits_until([&] { return !server.typing().empty(); }));
  program->write("\x15");
  EXPECT_TRUE(is_settled());
  EXPECT_THAT(program->output, Not(HasSubstr("not_allowed")));
}

TEST_F(Reading, TypingEndsWithAnEmptiedLine) {
  BobsMessages server(1, 1);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "bob> "));
  program->write("hello");
  ASSERT_TRUE(waits_until([&] { return !server.typing().empty(); }));
  program->write("\x15");
  ASSERT_TRUE(waits_until([&] { return server.typing().size() > 1; }));
  EXPECT_TRUE(is_settled());
  EXPECT_THAT(server.typing(), ElementsAre(true, false));
}

TEST_F(Reading, ANameOfADeletedAccountIsLookedUpAgain) {
  BobsMessages server(3, 2);
  log_in(server);
  ASSERT_TRUE(answers("/to bob", "bob> "));
  server.user_by_id = 0;
  ASSERT_TRUE(answers("hello", "there is no such user"));
  server.user_by_name = 5;
  ASSERT_TRUE(answers("/to bob", "bob> "));
  ASSERT_TRUE(answers("hello again", "✓"));
  EXPECT_EQ(server.chats_to, 5);
}

TEST_F(Reading, AKnownNameIsCheckedBeforeItBecomesTheConversation) {
  BobsMessages server(3, 2);
  log_in(server);
  server.user_by_id = 0;
  server.user_by_name = 5;
  ASSERT_TRUE(answers("/to bob", "bob> "));
  ASSERT_TRUE(answers("hello", "✓"));
  EXPECT_EQ(server.chats_to, 5);
  server.user_by_name = 0;
  server.user_by_id = 0;
  EXPECT_TRUE(answers("/to bob", "named bob"));
}

}  // namespace
}  // namespace chat::client

#include "client/terminal/transcript/notice_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace chat::client {
namespace {

class NoticeTextTest : public ::testing::Test {
 protected:
  static constexpr UserId kAlice{1};
  static constexpr UserId kBob{2};
  static constexpr UserId kStranger{9};

  NoticeTextTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    learn(kAlice, "alice");
    learn(kBob, "bob");
  }
  void learn(UserId id, const std::string& name) {
    Event event{event::Registered{id, name}};
    names.apply(event);
  }
  // Of an act by `notice.by`.
  std::string text(event::GroupNotice notice, const std::string& of_server = "the server's text") {
    event::Message message;
    message.from = notice.by;
    message.name = names.user(notice.by).name;
    message.text = of_server;
    message.notice = std::move(notice);
    return notice_text(message, names);
  }

  NameBook names;
};

TEST_F(NoticeTextTest, MembersComeAndGo) {
  EXPECT_EQ(text({"joined", kBob, kBob}), "bob joined");
  EXPECT_EQ(text({"joined", kAlice, kBob}), "alice let bob join");
  EXPECT_EQ(text({"left", kBob, kBob}), "bob left");
  EXPECT_EQ(text({"removed", kAlice, kBob}), "alice removed bob");
}

TEST_F(NoticeTextTest, RightsChange) {
  const auto role = [this](UserId by, const std::string& to) {
    event::GroupNotice notice{"role", by, kBob};
    notice.role = to;
    return text(notice);
  };
  EXPECT_EQ(role(kAlice, "creator"), "alice handed this group over to bob");
  EXPECT_EQ(role(kAlice, "admin"), "alice made bob an admin");
  EXPECT_EQ(role(kBob, "admin"), "bob is an admin now");
  EXPECT_EQ(role(kAlice, "normal"), "alice made bob an ordinary member");
  event::GroupNotice muted{"muted", kAlice, kBob};
  muted.until = 1'796'048'520'000;
  EXPECT_EQ(text(muted), "alice muted bob until 2026-11-30 14:22");
  EXPECT_EQ(text({"unmuted", kAlice}), "alice unmuted everybody");
}

TEST_F(NoticeTextTest, TheGroupChanges) {
  EXPECT_EQ(text({"dismissed", kAlice}), "alice dismissed this group");
  event::GroupNotice settings{"settings", kAlice};
  settings.settings.name = "a. bob left";
  settings.settings.joining = "open";
  settings.changes_desc = true;
  settings.changes_announcement = true;
  EXPECT_EQ(text(settings),
            "alice renamed this group to \"a. bob left\"; alice changed the description; alice "
            "opened this group to everybody; alice removed the announcement");
  settings = {"settings", kAlice};
  settings.changes_announcement = true;
  settings.settings.announcement = "one\n14:22 * bob left";
  EXPECT_EQ(text(settings), "alice announced: one\n  │ 14:22 * bob left");
}

TEST_F(NoticeTextTest, ANameCannotBeMistakenForASentence) {
  learn(kBob, "bob left. alice");
  EXPECT_EQ(text({"joined", kBob, kBob}), "\"bob left. alice\" joined");
  learn(kBob, "\xd0\xb0lice");
  EXPECT_EQ(text({"left", kBob, kBob}), "\"‹430›lice\" left");
}

TEST_F(NoticeTextTest, TheServersTextNamesAStranger) {
  EXPECT_EQ(text({"joined", kAlice, kStranger}, "alice let eve join"), "alice let eve join");
  EXPECT_EQ(text({"removed", kAlice, kStranger}, "alice removed eve left. bob"),
            "alice removed \"eve left. bob\"");
}

TEST_F(NoticeTextTest, TheServersTextIsQuoted) {
  EXPECT_EQ(text({"removed", kAlice, kStranger}), "\"the server's text\"");
  EXPECT_EQ(text({"promoted", kAlice, kBob}), "\"the server's text\"");
  EXPECT_EQ(text({"settings", kAlice}), "\"the server's text\"");
}

}  // namespace
}  // namespace chat::client

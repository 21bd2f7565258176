#include "client/core/notice_filter.h"

#include <gtest/gtest.h>

namespace chat::client {
namespace {

constexpr UserId kSelf{1};

class NoticeFilterTest : public ::testing::Test {
 protected:
  // True if it is to be shown.
  bool notice(const std::string& event, UserId user, UserId by = {2}) {
    event::Message message;
    message.group = {7};
    message.notice = event::GroupNotice{event, by, user};
    Event out{message};
    filter.apply(out, kSelf);
    return !out.as<event::Message>()->notice->repeat;
  }
  bool push(const std::string& change, UserId user, UserId by = {2}) {
    event::GroupChanged changed{{7}, change, user, ""};
    changed.by.id = by;
    Event out{changed};
    filter.apply(out, kSelf);
    return !out.as<event::GroupChanged>()->repeat;
  }
  void done(const std::string& command, UserId user) {
    Event out{event::Done{command, {user, "bob"}, {{7}, "Tea"}}};
    filter.apply(out, kSelf);
  }

  NoticeFilter filter;
};

TEST_F(NoticeFilterTest, OfANoticeAndAPushTheFirstIsShown) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(push("joined", {3}));
    EXPECT_FALSE(notice("joined", {3}));
    EXPECT_TRUE(notice("removed", {3}));
    EXPECT_FALSE(push("removed", {3}));
  }
}

TEST_F(NoticeFilterTest, OneRepetitionIsExpected) {
  EXPECT_TRUE(push("joined", {3}));
  EXPECT_FALSE(notice("joined", {3}));
  EXPECT_TRUE(notice("joined", {3}));  // once more, after leaving unseen
}

TEST_F(NoticeFilterTest, OtherChangesAreNotRepetitions) {
  EXPECT_TRUE(push("joined", {3}));
  EXPECT_TRUE(notice("joined", {4}));
  EXPECT_TRUE(notice("left", {3}));
  EXPECT_FALSE(notice("joined", {3}));
}

// An older server sends no notices.
TEST_F(NoticeFilterTest, PushesAloneAreShown) {
  EXPECT_TRUE(push("joined", {3}));
  EXPECT_TRUE(push("joined", {4}));
}

TEST_F(NoticeFilterTest, OwnActsAreNotToldAgain) {
  EXPECT_FALSE(notice("removed", {3}, kSelf));
  EXPECT_FALSE(push("removed", {3}, kSelf));
}

// The push does not say who removed the member.
TEST_F(NoticeFilterTest, OwnRemovalIsNotToldAsLeaving) {
  EXPECT_FALSE(notice("removed", {3}, kSelf));
  EXPECT_FALSE(push("left", {3}, {}));
}

// The user who acted gets the push without `by`, and no notice.
TEST_F(NoticeFilterTest, AnOwnActIsToldOnceAndPairsNothingElse) {
  for (int i = 0; i < 2; ++i) {
    done("accept-join", {3});
    EXPECT_FALSE(push("joined", {3}, {}));
    done("kick", {3});
    EXPECT_FALSE(push("left", {3}, {}));
    EXPECT_TRUE(notice("joined", {3}, {3}));
    EXPECT_FALSE(push("joined", {3}, {}));
    EXPECT_TRUE(notice("left", {3}, {3}));
    EXPECT_FALSE(push("left", {3}, {}));
  }
}

TEST_F(NoticeFilterTest, APushBeforeTheAnswerOfAnOwnActPairsNothingElse) {
  EXPECT_TRUE(push("left", {3}, {}));
  done("kick", {3});
  EXPECT_TRUE(notice("left", {3}, {3}));
}

TEST_F(NoticeFilterTest, APushWithoutANoticeHidesNoLaterNotice) {
  EXPECT_TRUE(push("left", {3}, {}));
  EXPECT_TRUE(notice("joined", {3}, {3}));
  EXPECT_FALSE(push("joined", {3}, {}));
  EXPECT_TRUE(notice("left", {3}, {3}));
}

TEST_F(NoticeFilterTest, NoticesMissedBeforeALoginAreShown) {
  EXPECT_TRUE(push("joined", {3}, {}));
  Event login{event::LoggedIn{}};
  filter.apply(login, kSelf);
  EXPECT_TRUE(notice("joined", {3}, {3}));
}

TEST_F(NoticeFilterTest, BeingAcceptedIsJoining) {
  EXPECT_TRUE(push("accepted", {}));
  EXPECT_FALSE(notice("joined", kSelf));
}

TEST_F(NoticeFilterTest, RequestsAreAlwaysShown) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(push("request", {3}, {}));
    EXPECT_TRUE(push("invited", kSelf, {3}));
  }
}

}  // namespace
}  // namespace chat::client

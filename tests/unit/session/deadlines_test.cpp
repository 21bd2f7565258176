#include "chat/session/deadlines.h"

#include <gtest/gtest.h>

#include "chat/protocol/limits.h"

namespace chat::session {
namespace {

using Due = Deadlines::Due;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr milliseconds kStall{minutes(5)};
constexpr milliseconds kMoment{1};

// What is due `after` the conversation began.
class DeadlinesTest : public ::testing::Test {
 protected:
  Due at(milliseconds after) { return deadlines.due(opened + after, patience); }
  void frame(milliseconds after) {
    deadlines.input(opened + after);
    deadlines.frames(true, false, opened + after);
  }
  void half_frame(milliseconds after) {
    deadlines.input(opened + after);
    deadlines.frames(false, true, opened + after);
  }
  // The next deadline is the moment from which `due` is due.
  void expect_next(Due due, milliseconds after) {
    EXPECT_EQ(deadlines.next(false, patience), opened + after);
    EXPECT_EQ(at(after - kMoment), Due::kNothing);
    EXPECT_EQ(at(after), due);
  }

  const base::SteadyTime opened{hours(24)};
  Deadlines::Patience patience{.output_stall = kStall};
  Deadlines deadlines{opened};
};

TEST_F(DeadlinesTest, SilentClientIsDisconnectedAfter60Seconds) {
  expect_next(Due::kNoLogin, seconds(60));
}

TEST_F(DeadlinesTest, FrameWithoutALoginGrantsAnother60Seconds) {
  frame(seconds(59));
  expect_next(Due::kNoLogin, seconds(119));
}

TEST_F(DeadlinesTest, ClientWithoutALoginIsDisconnectedAfter5Minutes) {
  for (seconds now(0); now < minutes(5); now += seconds(10)) frame(now);
  expect_next(Due::kNoLogin, minutes(5));
}

TEST_F(DeadlinesTest, ClassicClientMayStayAtItsMenuFor30Minutes) {
  frame(seconds(1));
  deadlines.classic(true);
  expect_next(Due::kNoLogin, minutes(30));
}

TEST_F(DeadlinesTest, ClientAllowedALongSilenceIsCheckedEveryMinute) {
  patience.first_byte = minutes(30);
  for (minutes now(1); now < minutes(30); now += minutes(1)) expect_next(Due::kNothingSent, now);
  expect_next(Due::kNoLogin, minutes(30));
}

TEST_F(DeadlinesTest, FirstByteAfterALongSilenceRestartsTheTime) {
  patience.first_byte = minutes(30);
  EXPECT_EQ(at(minutes(28)), Due::kNothingSent);
  half_frame(minutes(29));
  expect_next(Due::kSilent, minutes(29) + seconds(10));
  frame(minutes(29) + seconds(1));
  expect_next(Due::kNoLogin, minutes(30) + seconds(1));
  deadlines.classic(true);
  expect_next(Due::kNoLogin, minutes(59));
}

TEST_F(DeadlinesTest, FirstByteInTheUsualTimeGrantsNoMore) {
  patience.first_byte = minutes(30);
  frame(seconds(59));
  for (seconds now(60); now < minutes(5); now += seconds(10)) frame(now);
  expect_next(Due::kNoLogin, minutes(5));
}

TEST_F(DeadlinesTest, FirstByteTimeOutMayBeShort) {
  patience.first_byte = milliseconds(200);
  expect_next(Due::kNoLogin, milliseconds(200));
  frame(milliseconds(199));
  expect_next(Due::kNoLogin, milliseconds(199) + seconds(60));
}

TEST_F(DeadlinesTest, UnterminatedFrameIsDueSoonUnlessMoreArrives) {
  deadlines.unterminated_since(opened);
  expect_next(Due::kUnterminated, Deadlines::kTerminatorPatience);
  deadlines.unterminated_since(opened);
  deadlines.unterminated_since({});
  expect_next(Due::kNoLogin, seconds(60));
}

TEST_F(DeadlinesTest, LoggedInClientMayBeSilentForEver) {
  frame(seconds(50));
  deadlines.logged_in(false);
  EXPECT_EQ(deadlines.next(false, patience), std::nullopt);
  EXPECT_EQ(at(hours(1000)), Due::kNothing);
}

TEST_F(DeadlinesTest, LogoutRestartsTheTimeWithoutALogin) {
  deadlines.logged_in(true);
  frame(hours(2));
  deadlines.logged_out(opened + hours(2));
  expect_next(Due::kNoLogin, hours(2) + seconds(60));
  for (seconds now(0); now < minutes(5); now += seconds(10)) frame(hours(2) + now);
  expect_next(Due::kNoLogin, hours(2) + minutes(5));
}

TEST_F(DeadlinesTest, FrameMustBeCompleteWithin10Seconds) {
  half_frame(seconds(20));
  half_frame(seconds(29));
  expect_next(Due::kSilent, seconds(30));
  frame(seconds(29));
  expect_next(Due::kNoLogin, seconds(89));
}

TEST_F(DeadlinesTest, AgreedHeartbeatsMustArriveWithin75Seconds) {
  frame(seconds(0));
  deadlines.logged_in(true);
  expect_next(Due::kSilent, seconds(75));
  frame(seconds(74));
  expect_next(Due::kSilent, seconds(149));
}

TEST_F(DeadlinesTest, TimeWithoutReadingIsNotCountedAsSilence) {
  frame(seconds(0));
  half_frame(seconds(1));
  deadlines.reading(false, opened + seconds(2));
  EXPECT_EQ(at(seconds(100)), Due::kNothing);
  deadlines.reading(true, opened + seconds(100));
  expect_next(Due::kSilent, seconds(110));
  // But nobody stays for ever without a login.
  deadlines.reading(false, opened + seconds(101));
  expect_next(Due::kNoLogin, minutes(5));
}

TEST_F(DeadlinesTest, UnreadInputIsCheckedForHeartbeats) {
  frame(seconds(0));
  deadlines.logged_in(true);
  deadlines.reading(false, opened + seconds(10));
  expect_next(Due::kInput, seconds(15));
  deadlines.input_waits(40, opened + seconds(15));  // a ping has come
  for (seconds now(20); now < seconds(90); now += seconds(5)) {
    EXPECT_EQ(at(now), Due::kInput) << now.count();
    deadlines.input_waits(40, opened + now);
  }
  EXPECT_EQ(at(seconds(90)), Due::kInput);
  EXPECT_EQ(at(seconds(90)), Due::kSilent);
}

TEST_F(DeadlinesTest, ClientWhosePingsWaitUnreadIsAlive) {
  frame(seconds(0));
  deadlines.logged_in(true);
  deadlines.reading(false, opened);
  std::size_t waiting = 0;
  for (seconds now(5); now < minutes(4); now += seconds(5)) {
    if (now.count() % 30 == 0) waiting += 20;
    ASSERT_EQ(at(now), Due::kInput) << now.count();
    deadlines.input_waits(waiting, opened + now);
    ASSERT_EQ(at(now), Due::kNothing) << now.count();
  }
}

TEST_F(DeadlinesTest, ClientWithAFullReceiveBufferIsNotSilent) {
  frame(seconds(0));
  deadlines.logged_in(true);
  deadlines.reading(false, opened);
  for (seconds now(5); now < minutes(4); now += seconds(5)) {
    ASSERT_EQ(at(now), Due::kInput) << now.count();
    deadlines.input_waits(100'000, opened + now);
    ASSERT_EQ(at(now), Due::kNothing) << now.count();
  }
}

TEST_F(DeadlinesTest, OutputToAHeartbeatClientIsCheckedToo) {
  frame(seconds(0));
  deadlines.logged_in(true);
  deadlines.output_queued(opened);
  expect_next(Due::kAcks, seconds(10));
}

TEST_F(DeadlinesTest, EndingConversationKeepsOnlyItsFinalDeadline) {
  half_frame(seconds(1));
  deadlines.close_by(opened + seconds(40));
  EXPECT_EQ(deadlines.next(true, patience), opened + seconds(40));
  EXPECT_EQ(at(seconds(40)), Due::kClose);
}

TEST_F(DeadlinesTest, LargeOutputIsCheckedOnceEvenAtTheEnd) {
  deadlines.logged_in(true);
  deadlines.look_at_output_at(opened + seconds(10));
  EXPECT_EQ(deadlines.next(true, patience), opened + seconds(10));
  expect_next(Due::kSlow, seconds(10));
  EXPECT_EQ(at(seconds(11)), Due::kNothing);
  deadlines.look_at_output_at(opened + seconds(20));
  deadlines.look_at_output_at({});
  EXPECT_EQ(at(seconds(21)), Due::kNothing);
}

TEST_F(DeadlinesTest, StalledOutputIsNoticed) {
  deadlines.logged_in(true);
  deadlines.output_queued(opened);
  frame(minutes(5));
  EXPECT_EQ(at(seconds(10)), Due::kAcks);  // once: a client that acknowledges is not checked again
  EXPECT_EQ(at(kStall - kMoment), Due::kNothing);
  EXPECT_EQ(at(kStall), Due::kStalled);
  deadlines.output_moved(false, opened + kStall);
  EXPECT_EQ(at(kStall), Due::kNothing);
}

}  // namespace
}  // namespace chat::session

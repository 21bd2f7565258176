#include "chat/protocol/local_time.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

namespace chat::protocol {
namespace {

class LocalTimeText : public testing::Test {
 protected:
  void SetUp() override { set_zone("UTC-8"); }  // POSIX counts westwards: this is UTC+8
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
  static void set_zone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
};

TEST_F(LocalTimeText, IsInTheServersZone) {
  EXPECT_EQ(local_time_text(0), "1970-01-01 08:00:00");
  EXPECT_EQ(local_time_text(1'700'000'000'999), "2023-11-15 06:13:20");
}

TEST_F(LocalTimeText, ChangesWithTheSecondAndNotBefore) {
  EXPECT_EQ(local_time_text(1'000'000'001'000), "2001-09-09 09:46:41");
  EXPECT_EQ(local_time_text(1'000'000'001'999), "2001-09-09 09:46:41");
  EXPECT_EQ(local_time_text(1'000'000'002'000), "2001-09-09 09:46:42");
  EXPECT_EQ(local_time_text(1'000'000'001'500), "2001-09-09 09:46:41");
}

TEST_F(LocalTimeText, RoundsDownBefore1970) {
  EXPECT_EQ(local_time_text(-1), "1970-01-01 07:59:59");
  EXPECT_EQ(local_time_text(-1000), "1970-01-01 07:59:59");
  EXPECT_EQ(local_time_text(-1001), "1970-01-01 07:59:58");
}

}  // namespace
}  // namespace chat::protocol

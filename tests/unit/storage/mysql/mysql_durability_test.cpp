#include "storage/mysql/mysql_durability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(MysqlDurability, FullDurabilityHasNoFaults) {
  for (const char* doublewrite : {"1", "ON", "DETECT_AND_RECOVER"}) {
    EXPECT_THAT(faults_of({"1", doublewrite, "1"}), IsEmpty()) << doublewrite;
  }
}

TEST(MysqlDurability, EachUnsafeSettingIsNamedWithItsValue) {
  for (const char* flush : {"0", "2", ""}) {
    EXPECT_THAT(faults_of({flush, "1", "1"}),
                ElementsAre(StartsWith("innodb_flush_log_at_trx_commit is " + std::string(flush))));
  }
  for (const char* doublewrite : {"0", "OFF", "DETECT_ONLY"}) {
    EXPECT_THAT(faults_of({"1", doublewrite, "1"}),
                ElementsAre(StartsWith("innodb_doublewrite is " + std::string(doublewrite))));
  }
  for (const char* sync : {"0", "100"}) {
    EXPECT_THAT(faults_of({"1", "1", sync}),
                ElementsAre(StartsWith("sync_binlog is " + std::string(sync))));
  }
  EXPECT_EQ(faults_of({"2", "OFF", "0"}).size(), 3U);
}

}  // namespace
}  // namespace chat::storage

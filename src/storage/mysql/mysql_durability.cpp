#include "storage/mysql/mysql_durability.h"

#include <fmt/format.h>

#include <string_view>

#include "storage/sql.h"

namespace chat::storage {
namespace {

// As texts, because one server has a number where the other has a word. NULL if irrelevant.
constexpr std::string_view kSettings =
    "SELECT CAST(@@GLOBAL.innodb_flush_log_at_trx_commit AS CHAR),"
    " CAST(@@GLOBAL.innodb_doublewrite AS CHAR),"
    " IF(@@GLOBAL.log_bin, CAST(@@GLOBAL.sync_binlog AS CHAR), NULL)";

MysqlDurability durability_in(const Statement& row) {
  MysqlDurability settings;
  settings.flush_log = row.text(0);
  settings.doublewrite = row.text(1);
  if (!row.is_null(2)) settings.sync_binlog = row.text(2);
  return settings;
}

// MySQL's DETECT_ONLY, like OFF, cannot repair a page.
bool mends_torn_pages(std::string_view doublewrite) {
  return doublewrite == "1" || doublewrite == "ON" || doublewrite == "DETECT_AND_RECOVER";
}

}  // namespace

std::vector<std::string> faults_of(const MysqlDurability& settings) {
  std::vector<std::string> faults;
  if (settings.flush_log != "1") {
    faults.push_back(
        fmt::format("innodb_flush_log_at_trx_commit is {}: messages that were acknowledged may be "
                    "lost with the "
                    "database's machine; set it to 1",
                    settings.flush_log));
  }
  if (!mends_torn_pages(settings.doublewrite)) {
    faults.push_back(fmt::format(
        "innodb_doublewrite is {}: a page torn by a power cut cannot be repaired, and its messages "
        "are lost; set it to ON",
        settings.doublewrite));
  }
  if (settings.sync_binlog != "1") {
    faults.push_back(fmt::format(
        "sync_binlog is {} and the binary log is on: acknowledged messages may be missing from it "
        "after a power cut, and then from the tables too; set it to 1",
        settings.sync_binlog));
  }
  return faults;
}

Result<MysqlDurability> read_durability(Connection& connection) {
  auto settings = sql::read_one(connection, kSettings, durability_in);
  if (!settings) return fail(settings);
  return (*std::move(settings)).value_or(MysqlDurability{});
}

}  // namespace chat::storage

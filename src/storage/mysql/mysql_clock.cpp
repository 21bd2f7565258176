#include "storage/mysql/mysql_clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <string_view>

namespace chat::storage {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr std::chrono::seconds kCompareEvery{2};
// The end of the range of TIMESTAMP, which a deadline that never passes exceeds.
constexpr std::int64_t kEndOfTime = 2'147'483'647'000'000;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;

}  // namespace

bool MysqlClock::look(MYSQL* db) {
  const auto asked = base::system_clock().boot_now();
  if (look_ && asked - look_->asked < kCompareEvery) return true;
  constexpr std::string_view kAsk = "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)";
  if (mysql_real_query(db, kAsk.data(), kAsk.size()) != 0) return false;
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows(mysql_store_result(db),
                                                                      &mysql_free_result);
  if (rows == nullptr) return false;
  MYSQL_ROW row = mysql_fetch_row(rows.get());
  const std::string_view text = row != nullptr && row[0] != nullptr ? row[0] : "0";
  Look look{.asked = asked, .answered = base::system_clock().boot_now()};
  std::from_chars(text.data(), text.data() + text.size(), look.micros);
  look_ = look;
  return true;
}

std::string MysqlClock::earliest_at(base::SteadyTime at) const {
  const auto ahead = at == base::SteadyTime::max()
                         ? microseconds::max()
                         : duration_cast<microseconds>(at - look_->answered);
  const std::int64_t most = kEndOfTime - look_->micros;
  const std::int64_t micros = look_->micros + std::min(most, std::int64_t{ahead.count()});
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}",
                     fmt::gmtime(static_cast<std::time_t>(micros / kMicrosPerSecond)),
                     micros % kMicrosPerSecond);
}

}  // namespace chat::storage

#include "seed_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "chat/storage/message_model.h"
#include "chat/storage/user_model.h"
#include "service/credentials/token.h"
#include "storage/model/row_insert.h"
#include "storage/sql.h"

namespace chat::bench {
namespace {

using storage::Connection;
using storage::RowInsert;

constexpr std::int64_t kRowsPerTransaction = 20'480;
constexpr std::int64_t kMillisOfTenYears = std::int64_t{10} * 365 * 24 * 3600 * 1000;
// About as long as a sentence that people type.
constexpr std::string_view kOldText =
    "An old message of some length, which was delivered and read long before this day began.";

constexpr RowInsert kUsers{"INSERT INTO user (id, name, name_key, password, created_at) VALUES ",
                           5};
constexpr RowInsert kTokens{
    "INSERT INTO session (token_hash, userid, created_at, expires_at) VALUES ", 4};
constexpr RowInsert kFriends{"INSERT INTO friend (userid, friendid) VALUES ", 2};
constexpr RowInsert kGroups{"INSERT INTO allgroup (id, groupname, name_key, groupdesc) VALUES ", 4};
constexpr RowInsert kMembers{
    "INSERT INTO groupuser (groupid, userid, grouprole, joined_seq, delivered_seq, read_seq)"
    " VALUES ",
    6};
constexpr RowInsert kMessages{
    "INSERT INTO directmessage (recipient, sender, seq, cid, sent_at, body) VALUES ", 6};
constexpr RowInsert kCursors{
    "INSERT INTO directcursor (recipient, sender, delivered_seq, read_seq) VALUES ", 4};

std::int64_t neighbour_of(std::int64_t user) {
  return user % 2 == 0 ? user - 1 : user + 1;
}

// Puts rows 0 … count-1 into one table; `make(i)` gives the tuple of row i.
template <typename Make>
Result<void> fill(Connection& connection, const RowInsert& table, std::int64_t count, Make make,
                  const std::string& what, const SeedProgress& progress) {
  std::vector<decltype(make(0))> rows;
  for (std::int64_t done = 0; done < count;) {
    rows.clear();
    const std::int64_t end = std::min(count, done + kRowsPerTransaction);
    for (std::int64_t i = done; i < end; ++i) rows.push_back(make(i));
    auto transaction = storage::Transaction::begin(connection, storage::TransactionKind::kWrite);
    if (!transaction) return fail(transaction);
    auto inserted = storage::insert_rows(
        connection, table, std::span(std::as_const(rows)),
        [](const auto& row) -> const auto& { return row; });
    if (!inserted) return inserted;
    if (auto committed = transaction->commit(); !committed) return committed;
    done = end;
    progress(what, done);
  }
  return {};
}

class Seeder {
 public:
  Seeder(Connection& connection, const SeedPlan& plan, UnixMillis now, const SeedProgress& progress)
      : connection_(connection), plan_(plan), now_(now), progress_(progress) {}

  Result<void> users(const std::string& password_hash) {
    return fill(
        connection_, kUsers, plan_.users,
        [&](std::int64_t i) {
          std::string name = fmt::format("bench{}", i + 1);
          std::string key = storage::name_key(name);
          return std::tuple(i + 1, std::move(name), std::move(key), std::string_view(password_hash),
                            now_);
        },
        "users", progress_);
  }

  Result<void> tokens() {
    return fill(
        connection_, kTokens, plan_.users,
        [&](std::int64_t i) {
          return std::tuple(service::to_hex(service::hash_token(token_of(i + 1))), i + 1, now_,
                            now_ + kMillisOfTenYears);
        },
        "tokens", progress_);
  }

  Result<void> friends() {
    return fill(
        connection_, kFriends, plan_.users * plan_.friends,
        [&](std::int64_t i) {
          const std::int64_t user = i / plan_.friends;
          const std::int64_t step = i % plan_.friends + 1;
          return std::tuple(user + 1, (user + step) % plan_.users + 1);
        },
        "friends", progress_);
  }

  Result<void> groups() {
    return fill(
        connection_, kGroups, plan_.groups,
        [](std::int64_t i) {
          std::string name = fmt::format("group{}", i + 1);
          std::string key = storage::name_key(name);
          return std::tuple(i + 1, std::move(name), std::move(key), std::string_view(""));
        },
        "groups", progress_);
  }

  Result<void> members() {
    return fill(
        connection_, kMembers, plan_.groups * plan_.group_size,
        [&](std::int64_t i) {
          const bool first = i % plan_.group_size == 0;
          return std::tuple(i / plan_.group_size + 1, i + 1,
                            std::string_view(first ? "creator" : "normal"), 0, 0, 0);
        },
        "members", progress_);
  }

  Result<void> log() {
    return fill(
        connection_, kMessages, plan_.log_rows,
        [&](std::int64_t i) {
          const std::int64_t recipient = i / log_per_user() + 1;
          const std::int64_t seq = i % log_per_user() + 1;
          return std::tuple(recipient, neighbour_of(recipient), seq, fmt::format("seed{:08x}", seq),
                            now_ - log_per_user() + seq, kOldText);
        },
        "messages", progress_);
  }

  Result<void> cursors() {
    const std::int64_t streams = plan_.log_rows == 0 ? 0 : plan_.users;
    return fill(
        connection_, kCursors, streams,
        [&](std::int64_t i) {
          return std::tuple(i + 1, neighbour_of(i + 1), log_per_user(), log_per_user());
        },
        "cursors", progress_);
  }

 private:
  std::int64_t log_per_user() const { return plan_.log_rows / plan_.users; }

  Connection& connection_;
  const SeedPlan plan_;
  const UnixMillis now_;
  const SeedProgress& progress_;
};

Result<void> refuse_unless_empty(Connection& connection) {
  const auto user = storage::sql::read_integer(connection, "SELECT id FROM user LIMIT 1");
  if (!user) return fail(user);
  if (!*user) return {};
  return fail(ErrorCode::kInvalidArgument,
              "there are users in this database already: only an empty one is seeded");
}

}  // namespace

std::string problem_of(const SeedPlan& plan) {
  if (plan.friends >= plan.users) return "a user can list at most all others as friends";
  if (plan.groups > 0 && plan.group_size == 0) return "groups need a size";
  if (plan.groups * plan.group_size > plan.users) {
    return fmt::format("{} groups of {} need {} users", plan.groups, plan.group_size,
                       plan.groups * plan.group_size);
  }
  if (plan.log_rows > 0 && (plan.users % 2 != 0 || plan.log_rows % plan.users != 0)) {
    return "a log needs an even number of users, and the same number of rows for each of them";
  }
  return "";
}

std::string token_of(std::int64_t id) {
  return fmt::format("{:064x}", id);
}

Result<void> seed(Connection& connection, const SeedPlan& plan, const std::string& password_hash,
                  UnixMillis now, const SeedProgress& progress) {
  if (auto empty = refuse_unless_empty(connection); !empty) return empty;
  Seeder seeder(connection, plan, now, progress);
  return seeder.users(password_hash)
      .and_then([&] { return seeder.tokens(); })
      .and_then([&] { return seeder.friends(); })
      .and_then([&] { return seeder.groups(); })
      .and_then([&] { return seeder.members(); })
      .and_then([&] { return seeder.log(); })
      .and_then([&] { return seeder.cursors(); });
}

}  // namespace chat::bench

#include "storage/sqlite/sqlite_connection.h"

#include <algorithm>
#include <utility>

#include "chat/base/check.h"

namespace chat::storage {
namespace {

constexpr std::chrono::milliseconds kLanePatience{1000};

}  // namespace

SqliteConnection::~SqliteConnection() {
  rollback();
}

Result<Statement*> SqliteConnection::prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    found->second->reset();
    return found->second.get();
  }
  sqlite3_stmt* handle = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, &tail);
  if (code != SQLITE_OK) return tl::make_unexpected(failed(code, sql));
  CHAT_CHECK(handle != nullptr && tail == sql.data() + sql.size());  // exactly one statement
  auto statement =
      std::make_unique<SqliteStatement>(static_cast<SqliteStatementHost&>(*this), handle);
  return statements_.emplace(sql, std::move(statement)).first->second.get();
}

Result<void> SqliteConnection::execute(std::string_view script) {
  if (auto admitted = admit(true); !admitted) return admitted;
  std::optional<WriterLane::Turn> turn;
  if (!in_transaction()) turn.emplace(lane_.enter());
  return control(std::string(script).c_str());
}

Result<void> SqliteConnection::begin(TransactionKind kind) {
  CHAT_CHECK(!in_transaction());
  if (auto in_place = file_.in_place(); !in_place) return in_place;
  if (kind == TransactionKind::kWrite) {
    auto turn = enter_lane();
    if (!turn) return fail(turn);
    turn_.emplace(std::move(*turn));
  }
  auto begun = control(kind == TransactionKind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
  if (begun) {
    transaction_ = kind;
    if (turn_) lane_.stranger_gone();
  } else {
    turn_.reset();
  }
  return begun;
}

Result<void> SqliteConnection::commit() {
  CHAT_CHECK(in_transaction());
  if (auto alive = transaction_alive(); !alive) return alive;
  // A full disk or an I/O error leaves the transaction open; rollback() then ends it.
  if (auto committed = control("COMMIT"); !committed) return committed;
  const bool wrote = transaction_ == TransactionKind::kWrite;
  transaction_.reset();
  turn_.reset();
  return wrote ? committed_in_place() : Result<void>();
}

// The commit is in the file that SQLite has open, and will be found if that file is put back.
Result<void> SqliteConnection::committed_in_place() {
  auto in_place = file_.look();
  if (in_place) return in_place;
  return fail(ErrorCode::kOutcomeUnknown, std::move(in_place.error().message));
}

Result<WriterLane::Turn> SqliteConnection::enter_lane() {
  auto turn = lane_.enter_within(kLanePatience);
  if (turn) return std::move(*turn);
  met_lock_ = true;
  // kTimeout, not kBusy: an immediate retry is pointless.
  return fail(ErrorCode::kTimeout, "sqlite: another writer holds the lock");
}

void SqliteConnection::rollback() noexcept {
  if (!in_transaction()) return;
  // After some errors (a full disk, no memory) SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(db_.get()) == 0 &&
      sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr) != SQLITE_OK) {
    usable_ = false;
  }
  transaction_.reset();
  turn_.reset();
}

Result<void> SqliteConnection::set_lock_waits(LockWaits waits) {
  met_lock_ = false;
  if (waits.tables == lock_waits_.tables) return {};
  lock_waits_ = waits;
  sqlite3_busy_timeout(db_.get(), waits.tables ? kSqliteBusyTimeoutMs : 0);
  return {};
}

Result<void> SqliteConnection::ping() {
  auto statement = prepare("SELECT 1");
  if (!statement) return fail(statement);
  StatementScope scope(**statement);
  const auto row = scope->step();
  if (!row) return fail(row);
  return {};
}

Result<void> SqliteConnection::admit(bool writes) const {
  CHAT_CHECK(!writes || transaction_ != TransactionKind::kRead);
  if (auto in_place = file_.in_place(); !in_place) return in_place;
  return in_transaction() ? transaction_alive() : Result<void>{};
}

// Without this check, further statements of a transaction that SQLite has ended would be committed
// one by one.
Result<void> SqliteConnection::transaction_alive() const {
  if (sqlite3_get_autocommit(db_.get()) == 0) return {};
  return fail(ErrorCode::kUnavailable, "sqlite: an earlier error has ended the transaction");
}

Result<void> SqliteConnection::control(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  return tl::make_unexpected(failed(code, std::string_view(sql).substr(0, 80)));
}

Error SqliteConnection::failed(int code, std::string_view doing) {
  if (breaks_connection(code)) usable_ = false;
  // A foreign process has locked the file. The waiting writers would time out one after the other.
  if ((code & 0xFF) == SQLITE_BUSY) {
    met_lock_ = true;
    lane_.refuse_waiting();
  }
  return sqlite_error(db_.get(), code, doing);
}

}  // namespace chat::storage

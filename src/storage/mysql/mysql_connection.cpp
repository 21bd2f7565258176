#include "storage/mysql/mysql_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include <chrono>
#include <utility>

#include "chat/base/check.h"
#include "storage/mysql/mysql_errors.h"

namespace chat::storage {

namespace {

// After a denied statement the connection is reopened, but not more often than this.
constexpr std::chrono::milliseconds kRightsMayChange{1'000};
// A lock error that took so long was waited for: nearly the shortest wait of MySQL.
constexpr std::chrono::milliseconds kLongWait{900};

bool has_bulk_operations(MYSQL* db) {
  unsigned long capabilities = 0;
  return mariadb_get_infov(db, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &capabilities) ==
             0 &&
         (capabilities & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

}  // namespace

MysqlConnection::MysqlConnection(MysqlHandle db, MysqlWatch* watch)
    : watch_(watch), db_(std::move(db)), takes_rows_(has_bulk_operations(db_.get())) {
  if (watch_ == nullptr) return;
  socket_ = base::UniqueFd(::fcntl(static_cast<int>(db_->net.fd), F_DUPFD_CLOEXEC, 0));
  if (socket_) watch_->add(socket_.get(), calls_, mysql_thread_id(db_.get()));
}

MysqlConnection::~MysqlConnection() {
  if (socket_) watch_->remove(socket_.get());
}

Result<Statement*> MysqlConnection::prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    found->second->reset();
    return found->second.get();
  }
  if (auto admitted = admit(); !admitted) return fail(admitted);
  MysqlStatementHandle handle(mysql_stmt_init(db_.get()));
  if (handle == nullptr) return fail(ErrorCode::kInternal, "mysql: no memory for a statement");
  const auto call = begin_call();
  if (mysql_stmt_prepare(handle.get(), sql.data(), static_cast<unsigned long>(sql.size())) != 0) {
    return tl::make_unexpected(
        failed(mysql_stmt_errno(handle.get()), mysql_stmt_error(handle.get()), sql));
  }
  auto statement = std::make_unique<MysqlStatement>(static_cast<MysqlStatementHost&>(*this),
                                                    std::move(handle), sql);
  return statements_.emplace(sql, std::move(statement)).first->second.get();
}

Result<void> MysqlConnection::execute(std::string_view script) {
  if (auto admitted = admit(); !admitted) return admitted;
  const auto call = begin_call();
  if (auto accepted = accept_scripts(); !accepted) return accepted;
  auto done = send(script);
  if (done) done = drain_results(script);
  return done;
}

// By default the server takes one statement at a time.
Result<void> MysqlConnection::accept_scripts() {
  if (accepts_scripts_) return {};
  if (mysql_set_server_option(db_.get(), MYSQL_OPTION_MULTI_STATEMENTS_ON) != 0) {
    return failed("multi statements on");
  }
  accepts_scripts_ = true;
  return {};
}

// Reads the results of all statements of a script.
Result<void> MysqlConnection::drain_results(std::string_view doing) {
  for (;;) {
    if (MYSQL_RES* rows = mysql_store_result(db_.get())) mysql_free_result(rows);
    const int more = mysql_next_result(db_.get());
    if (more < 0) return {};
    if (more > 0) return failed(doing);
  }
}

Result<void> MysqlConnection::begin_implicitly() {
  auto set = query("SET SESSION autocommit = 0");
  begins_implicitly_ = set.has_value();
  return set;
}

Result<void> MysqlConnection::begin(TransactionKind kind) {
  CHAT_CHECK(!in_transaction_);
  if (begins_implicitly_) {
    CHAT_CHECK(kind == TransactionKind::kWrite);
    broken_ = false;
    if (auto admitted = admit(); !admitted) return admitted;
    in_transaction_ = true;
    return {};
  }
  if (kind == TransactionKind::kRead) {
    // One snapshot for all reads; READ COMMITTED would take a new one for each.
    auto set = query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    if (!set) return set;
  }
  auto begun =
      query(kind == TransactionKind::kRead ? "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
                                           : "START TRANSACTION");
  in_transaction_ = begun.has_value();
  broken_ = false;
  return begun;
}

Result<void> MysqlConnection::commit() {
  CHAT_CHECK(in_transaction_);
  if (auto admitted = admit(); !admitted) return admitted;
  auto committed = query("COMMIT");
  if (!committed) return not_committed(std::move(committed.error()));
  in_transaction_ = false;
  return {};
}

// Only a deadlock, a lock time-out or a refused row has certainly undone it. After any other error
// it may have taken effect.
tl::unexpected<Error> MysqlConnection::not_committed(Error error) {
  const bool waited = mysql_errno(db_.get()) == ER_LOCK_WAIT_TIMEOUT;
  const bool undone =
      waited || error.code == ErrorCode::kBusy || error.code == ErrorCode::kConflict;
  // COMMIT waits for no row lock, so all commits are blocked (by a backup).
  if (waited) error.code = ErrorCode::kTimeout;
  if (!usable_ || !undone) error.code = ErrorCode::kOutcomeUnknown;
  return tl::make_unexpected(std::move(error));
}

// Both statements travel together. The first fails, by overflow, if it arrives too late; the server
// then does not run the second.
Result<void> MysqlConnection::commit_by(base::SteadyTime by) {
  CHAT_CHECK(in_transaction_);
  auto latest = server_time(by);
  if (!latest) return fail(latest);
  const auto call = begin_call();
  if (auto accepted = accept_scripts(); !accepted) return accepted;
  const std::string script = fmt::format("SET @late = ~0 + (SYSDATE(6) >= '{}'); COMMIT", *latest);
  if (auto sent = send(script); !sent) {
    if (mysql_errno(db_.get()) != ER_DATA_OUT_OF_RANGE) return not_committed(sent.error());
    clock_.forget();
    return fail(ErrorCode::kTimeout, "mysql: COMMIT came too late");
  }
  if (auto committed = drain_results("COMMIT"); !committed) {
    return not_committed(std::move(committed.error()));
  }
  in_transaction_ = false;
  return {};
}

Result<std::string> MysqlConnection::server_time(base::SteadyTime at) {
  if (auto admitted = admit(); !admitted) return fail(admitted);
  const auto call = begin_call();
  if (!clock_.look(db_.get())) return failed("SELECT SYSDATE(6)");
  return clock_.earliest_at(at);
}

void MysqlConnection::rollback() noexcept {
  if (!std::exchange(in_transaction_, false)) return;
  broken_ = false;
  const auto call = begin_call();
  if (usable_ && mysql_query(db_.get(), "ROLLBACK") != 0) usable_ = false;
}

// The shortest lock wait of MySQL is one second.
Result<void> MysqlConnection::set_lock_waits(LockWaits waits) {
  met_lock_ = false;
  if (waits == lock_waits_) return {};
  auto set = query(fmt::format(
      "SET SESSION lock_wait_timeout = 1 /*M! - {} */, innodb_lock_wait_timeout = 1 /*M! - {} */",
      waits.tables ? 0 : 1, waits.rows ? 0 : 1));
  if (set) lock_waits_ = waits;
  return set;
}

Result<void> MysqlConnection::ping() {
  if (auto admitted = admit(); !admitted) return admitted;
  const auto call = begin_call();
  const MysqlSign sign = ask_mysql(db_.get());
  if (sign.error != 0) return tl::make_unexpected(failed(sign.error, sign.what, "ping"));
  if (sign.writable) return {};
  usable_ = false;
  return fail(ErrorCode::kUnavailable, sign.what);
}

Result<void> MysqlConnection::admit() const {
  if (!usable_) return fail(ErrorCode::kUnavailable, "mysql: this connection is lost");
  if (broken_) {
    return fail(ErrorCode::kUnavailable, "mysql: an earlier error has ended the transaction");
  }
  return {};
}

void MysqlConnection::wrote(std::int64_t affected_rows, std::int64_t insert_id) {
  affected_rows_ = affected_rows;
  last_insert_id_ = insert_id;
}

Result<void> MysqlConnection::query(std::string_view sql) {
  const auto call = begin_call();
  return send(sql);
}

Result<void> MysqlConnection::send(std::string_view sql) {
  if (!usable_) return fail(ErrorCode::kUnavailable, "mysql: this connection is lost");
  if (mysql_real_query(db_.get(), sql.data(), static_cast<unsigned long>(sql.size())) != 0) {
    return failed(sql);
  }
  heard();
  return {};
}

tl::unexpected<Error> MysqlConnection::failed(std::string_view doing) {
  return tl::make_unexpected(failed(mysql_errno(db_.get()), mysql_error(db_.get()), doing));
}

Error MysqlConnection::failed(unsigned number, std::string_view message, std::string_view doing) {
  const MysqlFault fault = mysql_fault(number);
  if (ends_connection(fault)) usable_ = false;
  // On MariaDB a connection keeps the rights that its account had when it was opened.
  const bool old = std::chrono::steady_clock::now() - opened_ >= kRightsMayChange;
  if (fault == MysqlFault::kDenied && old) usable_ = false;
  if (fault == MysqlFault::kGone) gone_ = true;
  if (number == ER_LOCK_WAIT_TIMEOUT) met_lock_ = true;
  if (number == ER_BAD_NULL_ERROR) clock_.forget();
  auto error = mysql_failure(number, message, doing);
  const auto waited = std::chrono::steady_clock::now() - call_began_;
  if (number == ER_LOCK_WAIT_TIMEOUT && !lock_waits_.rows && waited >= kLongWait) {
    error.code = ErrorCode::kTimeout;
  }
  // Only at the server's start is this reported as the operator's mistake.
  if (fault == MysqlFault::kDenied && watch_ != nullptr) error.code = ErrorCode::kUnavailable;
  if (in_transaction_ && error.code != ErrorCode::kConflict) broken_ = true;
  return error;
}

}  // namespace chat::storage

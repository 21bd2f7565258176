#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/result.h"

namespace chat::storage {

enum class Dialect { kSqlite, kMysql };

// A prepared statement with its parameters and, while it runs, its current row. Parameters and
// columns are numbered from 0. Ownership: by its connection.
// Threading: externally synchronised, with its connection.
class Statement {
 public:
  virtual ~Statement() = default;

  // Texts are not copied: they must live until the run ends.
  virtual void bind(int parameter, std::int64_t value) = 0;
  virtual void bind(int parameter, std::string_view text) = 0;
  virtual void bind_null(int parameter) = 0;
  // Adds the bound values as one row of a batch, for which step() runs the statement at once: all
  // rows or none. Requires Connection::takes_rows(), a statement that returns no rows, no NULLs,
  // and the same types in each row.
  virtual void add_row();

  // Runs the statement, or moves to the next row; true if there is one. False or an error ends the
  // run: call reset() before the next step(). Blocks. A write outside a transaction is a
  // transaction of its own, which ends with the run.
  virtual Result<bool> step() = 0;
  // Runs a statement that returns no rows, and resets it.
  Result<void> run();
  // Ends the run and clears the bindings.
  virtual void reset() noexcept = 0;

  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  // Valid until the next step() or reset().
  virtual std::string_view text(int column) const = 0;
};

// Resets a statement at the end of the scope, so that no read keeps a snapshot open.
class StatementScope {
 public:
  explicit StatementScope(Statement& statement) : statement_(statement) {}
  ~StatementScope() { statement_.reset(); }
  StatementScope(const StatementScope&) = delete;
  StatementScope& operator=(const StatementScope&) = delete;
  Statement* operator->() { return &statement_; }
  Statement& operator*() { return statement_; }

 private:
  Statement& statement_;
};

enum class TransactionKind {
  kRead,   // one snapshot for several reads; writing in it is a CHAT_CHECK
  kWrite,  // SQLite: BEGIN IMMEDIATE in the writer lane; must stay on one thread
};

// Whether a connection waits for locks that others hold. If it waits for tables and not for rows, a
// lock on a row fails with kBusy, one on a table with kTimeout.
struct LockWaits {
  bool tables = true;  // false: fail at once on a lock on a table, or on everything
  bool rows = true;    // false: likewise on a row; excludes SKIP LOCKED, which MariaDB then refuses

  bool operator==(const LockWaits&) const = default;
};

// One connection to the database. All calls block. After kUnavailable or kOutcomeUnknown check
// usable(), and discard the connection if it is false. Inside a transaction any error but kConflict
// may have ended it: roll back.
// Threading: externally synchronised.
class Connection {
 public:
  virtual ~Connection() = default;

  virtual Dialect dialect() const = 0;
  // True if a statement can run for many rows in one round trip (Statement::add_row).
  virtual bool takes_rows() const { return false; }
  // The statement for `sql`, prepared once and cached; reset and without bindings.
  virtual Result<Statement*> prepare(std::string_view sql) = 0;
  // Several statements without parameters (migrations).
  virtual Result<void> execute(std::string_view script) = 0;

  virtual Result<void> begin(TransactionKind kind) = 0;
  // From now on, a write transaction begins with its first statement, which saves a round trip. For
  // a connection that writes in transactions only.
  virtual Result<void> begin_implicitly() { return {}; }
  // kOutcomeUnknown: the answer was lost or is ambiguous. On any other error nothing was committed.
  // Roll back after every error.
  virtual Result<void> commit() = 0;
  // Like commit(), but kTimeout if the database receives it later than `by` (Clock::boot_now()): a
  // request may be held up on its way while others change what the transaction rests on. For a
  // database in this process there is no such way.
  virtual Result<void> commit_by(base::SteadyTime /*by*/) { return commit(); }
  // The earliest time that the database's own clock may show at `at` (Clock::boot_now()), as text
  // to compare with its SYSDATE(6). Only for Connection::takes_rows().
  virtual Result<std::string> server_time(base::SteadyTime at);
  virtual void rollback() noexcept = 0;
  virtual bool in_transaction() const = 0;

  // Of the last statement that wrote.
  virtual std::int64_t affected_rows() const = 0;
  virtual std::int64_t last_insert_id() const = 0;

  // Applies from now on. By default a connection waits one second for any lock.
  virtual Result<void> set_lock_waits(LockWaits /*waits*/) { return {}; }
  // True if a lock of another transaction has ended a statement or a commit since then.
  virtual bool met_lock() const { return false; }

  virtual bool usable() const = 0;
  // Checks that the database answers.
  virtual Result<void> ping() = 0;
  // Frees caches.
  virtual void release_memory() {}
};

// Rolls back at the end of the scope unless commit() succeeded.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, TransactionKind kind);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) {
    other.connection_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<void> commit();
  Result<void> commit_by(base::SteadyTime by);

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

// A database to connect to.
// Threading: thread-safe between open() and close(), which are externally synchronised.
class Database {
 public:
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;
  // Call first. Checks that the database is available and usable; otherwise fails with a sentence
  // for the operator (kUnavailable, kInvalidArgument). Succeeds only once.
  virtual Result<void> open() = 0;
  // No transaction may be open.
  virtual void close() = 0;
  virtual Result<std::unique_ptr<Connection>> connect() = 0;
  virtual Result<std::unique_ptr<Connection>> connect_to_migrate() { return connect(); }
  // True if no other process can use the database from open() to close(). A database server may
  // have any number of users: see the table `node`.
  bool exclusive() const { return dialect() == Dialect::kSqlite; }
  // True if a call takes, or lately took, longer than it should.
  virtual bool met_stall_lately() const { return false; }
  // Settings of the database that endanger committed data, each as a sentence for the operator.
  // Excludes faults that make open() fail. May be called before open(). Blocks.
  virtual Result<std::vector<std::string>> durability_faults() {
    return std::vector<std::string>{};
  }
  // "sqlite:var/chat.db": for the log and the ready line, without secrets.
  virtual std::string describe() const = 0;
};

}  // namespace chat::storage

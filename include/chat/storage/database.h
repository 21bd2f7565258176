#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"

namespace chat::storage {

enum class Dialect { kSqlite, kMysql };

// A prepared statement with its parameters and, while it runs, its current row.
// Parameters and columns count from 0. Ownership: its connection; valid as long as that lives.
// Threading: externally synchronised, with its connection.
class Statement {
 public:
  virtual ~Statement() = default;

  // Texts are not copied: the caller keeps them alive until the run ended.
  virtual void bind(int parameter, std::int64_t value) = 0;
  virtual void bind(int parameter, std::string_view text) = 0;
  virtual void bind_null(int parameter) = 0;
  // What is bound becomes one row of many, for which step() then runs the statement at one go: all
  // of them or none. Only where Connection::takes_rows(), for statements that give no rows, without
  // NULLs, and with the same types in each row.
  virtual void add_row();

  // Runs, or moves to the next row. True: there is a row. False or an error ends the run: reset()
  // before the next step(). Blocks. A statement that writes outside a transaction is a
  // transaction of its own, which ends with the run.
  virtual Result<bool> step() = 0;
  // Runs a statement that gives no rows, and resets it.
  Result<void> run();
  // Ends the run; bindings are gone.
  virtual void reset() noexcept = 0;

  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  // Valid until the next step() or reset().
  virtual std::string_view text(int column) const = 0;
};

// Resets a statement when the scope ends, so that no read keeps a snapshot open.
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
  kWrite,  // SQLite: BEGIN IMMEDIATE inside the one writer lane; stays on its thread
};

// How long a connection waits for what somebody else has locked.
struct LockWaits {
  bool tables = true;  // false: a lock on a table, or on everything, is only tried
  bool rows = true;    // false: likewise on a row. Not for SKIP LOCKED, which MariaDB refuses then

  bool operator==(const LockWaits&) const = default;
};

// One connection to the database. All calls block. After an error with code kUnavailable or
// kOutcomeUnknown it may be no longer usable(), and must be thrown away then. An error inside a
// transaction other than kConflict may have ended it: roll back.
// Threading: externally synchronised: one thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;

  virtual Dialect dialect() const = 0;
  // Whether a statement can be run for many rows in one round trip (Statement::add_row).
  virtual bool takes_rows() const { return false; }
  // The statement for `sql`, prepared once and kept; reset and without bindings.
  virtual Result<Statement*> prepare(std::string_view sql) = 0;
  // Several statements without parameters (migrations).
  virtual Result<void> execute(std::string_view script) = 0;

  virtual Result<void> begin(TransactionKind kind) = 0;
  // kOutcomeUnknown: the connection died on the way, or the database's answer does not tell. On
  // every other error nothing was committed. Roll back on any.
  virtual Result<void> commit() = 0;
  virtual void rollback() noexcept = 0;
  virtual bool in_transaction() const = 0;

  // Of the last statement that wrote.
  virtual std::int64_t affected_rows() const = 0;
  virtual std::int64_t last_insert_id() const = 0;

  // From now on. As made, a connection waits for all for a second.
  virtual Result<void> set_lock_waits(LockWaits /*waits*/) { return {}; }
  // Whether somebody else's lock has ended a statement or a commit since then.
  virtual bool met_lock() const { return false; }

  virtual bool usable() const = 0;
  // Asks the database for a sign of life.
  virtual Result<void> ping() = 0;
  // Gives back what it keeps only to be faster.
  virtual void release_memory() {}
};

// Begins with begin(); rolls back at the end of the scope unless commit() succeeded.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, TransactionKind kind);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) {
    other.connection_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

// A database that connections can be opened to.
// Threading: thread-safe between open() and close(), which are externally synchronised.
class Database {
 public:
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;
  // Before anything else: makes sure that it is there and usable, or says in a sentence for its
  // operator why it isn't (kUnavailable, kInvalidArgument). Succeeds once.
  virtual Result<void> open() = 0;
  // No transaction may be open.
  virtual void close() = 0;
  virtual Result<std::unique_ptr<Connection>> connect() = 0;
  virtual Result<std::unique_ptr<Connection>> connect_to_migrate() { return connect(); }
  // Whether no other process can use the database from open() to close(). Of a database server
  // there may be any number of users: see the table `node`.
  bool exclusive() const { return dialect() == Dialect::kSqlite; }
  // A call takes, or took a moment ago, longer than it should.
  virtual bool met_stall_lately() const { return false; }
  // How the database is set up so that what it has committed may be lost all the same: a sentence
  // each for its operator; none when all is well. What open() refuses is not among them. May be
  // called before open(). Blocks.
  virtual Result<std::vector<std::string>> durability_faults() {
    return std::vector<std::string>{};
  }
  // "sqlite:var/chat.db": for the log and the ready line, without secrets.
  virtual std::string describe() const = 0;
};

}  // namespace chat::storage

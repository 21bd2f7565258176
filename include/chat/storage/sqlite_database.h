#pragma once

#include <memory>
#include <string>

#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// The embedded database: one file, WAL, synchronous=FULL, opened by one server at a time (a lock on
// the file itself, whatever name leads to it, that the kernel drops when the process dies), and
// watched: while it is not in its place everything is kUnavailable. All connections share one
// writer lane: BEGIN IMMEDIATE waits for its turn in memory, in order of arrival, so SQLITE_BUSY
// never happens between them. A thread that writes must not begin a second write transaction on
// another connection (CHAT_CHECK). Checkpoints run on a thread of their own.
// Threading: thread-safe. Ownership: must outlive its connections.
class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(std::string path);
  ~SqliteDatabase() override;

  // Makes missing folders, takes the lock, opens the file, checks that WAL and synchronous=FULL are
  // in effect; connect() does too, so there is nothing left for durability_faults() to tell.
  // kInvalidArgument when another server holds the file, kUnavailable when it can't be opened.
  Result<void> open() override;
  // Whether another process holds the file. Looks only, and must not be asked of a file that this
  // process has open.
  static bool is_held(const std::string& path);
  // Ends the checkpoint thread after a last checkpoint; no transaction may be open. The lock
  // stays until the destructor.
  void close() override;

  Dialect dialect() const override { return Dialect::kSqlite; }
  Result<std::unique_ptr<Connection>> connect() override;
  std::string describe() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chat::storage

#pragma once

#include <memory>
#include <string>

#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// The embedded database: one file, WAL, synchronous=FULL. One server at a time may open it: the
// file itself is locked, whatever its path, and the kernel drops the lock when the process dies.
// The file is watched: if it is moved or deleted, all calls fail with kUnavailable. All connections
// share one writer lane: BEGIN IMMEDIATE queues in memory, first come, first served, so SQLITE_BUSY
// never occurs between them. A thread must not begin a second write transaction on another
// connection (CHAT_CHECK). Checkpoints run on a separate thread.
// Threading: thread-safe. Ownership: must outlive its connections.
class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(std::string path);
  ~SqliteDatabase() override;

  // Creates missing folders, takes the lock, opens the file and checks that WAL and
  // synchronous=FULL are in effect, as connect() does, so durability_faults() has nothing to
  // report. kInvalidArgument if another server holds the file, kUnavailable if it cannot be opened.
  Result<void> open() override;
  // True if another process holds the file. Takes no lock. Must not be called for a file that this
  // process has open.
  static bool is_held(const std::string& path);
  // Ends the checkpoint thread after a last checkpoint; no transaction may be open. The file stays
  // locked until the destructor.
  void close() override;

  Dialect dialect() const override { return Dialect::kSqlite; }
  Result<std::unique_ptr<Connection>> connect() override;
  std::string describe() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chat::storage

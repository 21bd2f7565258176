#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"

namespace chat::storage {

// The database file: locked by one server at a time, whatever its path, and watched while it is
// open. SQLite continues to use a file that was moved or deleted, and the next start would not find
// what it stored. So nothing more is stored or answered until the file and its -wal and -shm are
// back in place.
// Threading: thread-safe after open(); a separate thread checks the file. Ownership: outlives all
// of SQLite's connections to the file, because closing a descriptor drops the process's locks on
// it.
class SqliteFile {
 public:
  static constexpr std::chrono::milliseconds kInterval{250};

  // Creates the file if it is missing. kInvalidArgument if another server holds it.
  static Result<std::unique_ptr<SqliteFile>> open(const std::filesystem::path& path);
  // True if another process holds it.
  static bool is_held(const std::filesystem::path& path);
  ~SqliteFile();
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  // Call after SQLite has opened the file and so created the other two.
  void start_watching();
  // Closing the last connection deletes the -wal and the -shm, which is no fault.
  void stop_watching();

  // The result of the last check. kUnavailable: a file is not in place.
  Result<void> in_place() const;
  // Checks now; takes a few microseconds.
  Result<void> look();

 private:
  enum Part { kMain, kWal, kShm, kParts };
  struct Inode {
    dev_t device = 0;
    ino_t number = 0;  // 0: unknown
    bool operator==(const Inode&) const = default;
  };

  SqliteFile(std::filesystem::path path, base::UniqueFd fd, base::UniqueFd earlier_lock);
  std::string name_of(Part part) const;
  static Inode inode_of(const std::string& name);
  bool all_in_place() const;
  void note(bool in_place);
  Error moved() const;

  const std::filesystem::path path_;
  const base::UniqueFd fd_;            // holds the lock
  const base::UniqueFd earlier_lock_;  // excludes servers of earlier versions; optional
  std::array<Inode, kParts> inodes_;   // fixed after start_watching()
  std::atomic<bool> in_place_{true};
  base::StopSignal stop_;
  base::Thread thread_;
};

}  // namespace chat::storage

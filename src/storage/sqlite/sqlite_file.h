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

// Which file the database is: held by one server at a time, whatever names lead to it, and watched
// for as long as it is open. SQLite works on with a file that was moved or deleted; whatever it
// stored then would be missed by the next start. So nothing more is stored, and nothing answered,
// until the file and its -wal and -shm are back in their places.
// Threading: thread-safe after open(); a thread of its own looks. Ownership: outlives all of
// SQLite's connections to the file, because closing a descriptor drops the process's locks on it.
class SqliteFile {
 public:
  static constexpr std::chrono::milliseconds kInterval{250};

  // Makes the file if it is missing. kInvalidArgument when another server holds it.
  static Result<std::unique_ptr<SqliteFile>> open(const std::filesystem::path& path);
  // Whether another process holds it.
  static bool is_held(const std::filesystem::path& path);
  ~SqliteFile();
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  // Once SQLite has opened the file, and so made the other two.
  void start_watching();

  // What was found when the watch last looked. kUnavailable: not in its place.
  Result<void> in_place() const;
  // Looks now, a few microseconds.
  Result<void> look();

 private:
  enum Part { kMain, kWal, kShm, kParts };
  struct Inode {
    dev_t device = 0;
    ino_t number = 0;  // 0: not known
    bool operator==(const Inode&) const = default;
  };

  SqliteFile(std::filesystem::path path, base::UniqueFd fd, base::UniqueFd earlier_lock);
  std::string name_of(Part part) const;
  static Inode inode_of(const std::string& name);
  bool all_in_place() const;
  void note(bool in_place);
  Error moved() const;

  const std::filesystem::path path_;
  const base::UniqueFd fd_;            // carries the lock
  const base::UniqueFd earlier_lock_;  // keeps out servers of earlier versions; may be none
  std::array<Inode, kParts> inodes_;   // fixed after start_watching()
  std::atomic<bool> in_place_{true};
  base::StopSignal stop_;
  base::Thread thread_;
};

}  // namespace chat::storage

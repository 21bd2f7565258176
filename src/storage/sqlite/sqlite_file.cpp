#include "storage/sqlite/sqlite_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "chat/base/log.h"

namespace chat::storage {
namespace {

namespace fs = std::filesystem;

// Passwords and messages: readable by the server's own account only. SQLite applies the mode to the
// -wal and -shm files too.
constexpr mode_t kFileMode = 0600;
// Far past any byte that SQLite locks or writes.
constexpr off_t kLockByte = off_t{1} << 62;

Error system_error(int error, const char* doing, const fs::path& path) {
  return {ErrorCode::kUnavailable,
          std::string(doing) + " " + path.string() + ": " + std::strerror(error)};
}

struct flock the_lock() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kLockByte;
  lock.l_len = 1;
  return lock;
}

// An open file description lock: a process-owned lock would be dropped when SQLite closes the same
// file. The kernel releases it when the process ends, however it ends.
Result<void> lock_file(int fd, const fs::path& path) {
  struct flock lock = the_lock();
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return {};
  if (errno != EAGAIN && errno != EACCES) {
    return tl::make_unexpected(system_error(errno, "cannot lock", path));
  }
  return fail(ErrorCode::kInvalidArgument,
              "another server is using the database " + path.string() +
                  ", possibly under another path: give each server its own file, or use MySQL");
}

// Servers of earlier versions lock a file beside the database and leave it there. If it is missing,
// none of them runs; one that starts later refuses the schema.
Result<base::UniqueFd> lock_out_earlier(const fs::path& path) {
  const std::string name = path.string() + ".lock";
  base::UniqueFd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return fd;
  if (!fd) return tl::make_unexpected(system_error(errno, "cannot open", name));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return tl::make_unexpected(system_error(errno, "cannot lock", name));
  return fail(ErrorCode::kInvalidArgument, "a server of an earlier version has the database " +
                                               path.string() + " (its lock file is " + name +
                                               "): stop it first");
}

// The newest commits are in the -wal, which is named after the file: under another name they would
// be missing (sqlite.org/howtocorrupt.html, "Multiple links to the same file").
Result<void> has_one_name(int fd, const fs::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || status.st_nlink <= 1) return {};
  return fail(ErrorCode::kInvalidArgument,
              "the database " + path.string() + " has " + std::to_string(status.st_nlink) +
                  " names (hard links), and under another one its newest rows would be missing:"
                  " keep the name under which it was used last, and remove the others (find -xdev"
                  " -samefile " +
                  path.string() + ")");
}

}  // namespace

Result<std::unique_ptr<SqliteFile>> SqliteFile::open(const fs::path& path) {
  base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!fd) return tl::make_unexpected(system_error(errno, "cannot open", path));
  if (auto locked = lock_file(fd.get(), path); !locked) return fail(locked);
  auto earlier = lock_out_earlier(path);
  if (!earlier) return fail(earlier);
  if (auto only = has_one_name(fd.get(), path); !only) return fail(only);
  return std::unique_ptr<SqliteFile>(new SqliteFile(path, std::move(fd), std::move(*earlier)));
}

bool SqliteFile::is_held(const fs::path& path) {
  const base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock = the_lock();
  return fd && ::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

SqliteFile::SqliteFile(fs::path path, base::UniqueFd fd, base::UniqueFd earlier_lock)
    : path_(std::move(path)), fd_(std::move(fd)), earlier_lock_(std::move(earlier_lock)) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) == 0) inodes_[kMain] = {status.st_dev, status.st_ino};
}

SqliteFile::~SqliteFile() {
  stop_watching();
}

void SqliteFile::start_watching() {
  for (const Part part : {kWal, kShm}) inodes_[part] = inode_of(name_of(part));
  thread_ = base::Thread("db-file", [this] {
    while (!stop_.wait_for(kInterval)) note(all_in_place());
  });
}

void SqliteFile::stop_watching() {
  stop_.raise();
  thread_.join();
}

Result<void> SqliteFile::in_place() const {
  if (in_place_.load(std::memory_order_relaxed)) return {};
  return tl::make_unexpected(moved());
}

Result<void> SqliteFile::look() {
  note(all_in_place());
  return in_place();
}

std::string SqliteFile::name_of(Part part) const {
  constexpr std::array kSuffixes{"", "-wal", "-shm"};
  return path_.string() + kSuffixes[part];
}

SqliteFile::Inode SqliteFile::inode_of(const std::string& name) {
  struct stat status {};
  if (::stat(name.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

bool SqliteFile::all_in_place() const {
  for (const Part part : {kMain, kWal, kShm}) {
    const Inode& expected = inodes_[part];
    if (expected.number != 0 && inode_of(name_of(part)) != expected) return false;
  }
  return true;
}

void SqliteFile::note(bool in_place) {
  if (in_place_.exchange(in_place, std::memory_order_relaxed) == in_place) return;
  if (in_place) {
    log::warn("event=database_file_back path={}", log::quoted(path_.string()));
  } else {
    log::error("event=database_file_moved what={}", log::quoted(moved().message));
  }
}

Error SqliteFile::moved() const {
  return {ErrorCode::kUnavailable,
          path_.string() +
              " (or its -wal or -shm) was moved, deleted or replaced while the server "
              "runs: put it back, or stop the server and restore a backup"};
}

}  // namespace chat::storage

#include "chat/storage/sqlite_database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "chat/base/check.h"
#include "chat/base/unique_fd.h"
#include "sqlite_checkpointer.h"
#include "sqlite_connection.h"
#include "sqlite_handle.h"
#include "writer_lane.h"

namespace chat::storage {
namespace fs = std::filesystem;
namespace {

// The table of passwords and everybody's messages: for the server's own account only.
constexpr mode_t kFileMode = 0600;

Error system_error(int error, std::string_view doing, const fs::path& path) {
  return {ErrorCode::kUnavailable,
          std::string(doing) + " " + path.string() + ": " + std::strerror(error)};
}

// SQLite itself syncs the folder of its files, but not the folders above: after a power cut a
// new folder could be gone with everything that was acknowledged in it.
Result<void> make_folder(const fs::path& folder) {
  std::error_code ignored;  // mkdir() tells better what is wrong
  if (folder.empty() || fs::is_directory(folder, ignored)) return {};
  const fs::path parent = folder.parent_path();
  if (auto made = make_folder(parent); !made) return made;
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    return tl::make_unexpected(system_error(errno, "cannot make the folder", folder));
  }
  const base::UniqueFd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) {
    return tl::make_unexpected(system_error(errno, "cannot sync the folder", parent));
  }
  return {};
}

Result<base::UniqueFd> open_file(const fs::path& path) {
  base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!fd) return tl::make_unexpected(system_error(errno, "cannot open", path));
  return fd;
}

// The kernel drops the lock when the process ends, however it ends.
Result<base::UniqueFd> lock_file(const fs::path& path) {
  auto fd = open_file(path.string() + ".lock");
  if (!fd) return fd;
  if (::flock(fd->get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return tl::make_unexpected(system_error(errno, "cannot lock", path));
  return fail(ErrorCode::kInvalidArgument,
              "another server has the database " + path.string() + " (its lock file is " +
                  path.string() + ".lock): give each server a file of its own, or use MySQL");
}

}  // namespace

struct SqliteDatabase::State {
  explicit State(std::string given) : described("sqlite:" + given), path(std::move(given)) {}

  static int on_commit(void* state, sqlite3*, const char*, int wal_pages) {
    static_cast<State*>(state)->checkpointer.committed(wal_pages);
    return SQLITE_OK;
  }

  const std::string described;
  fs::path path;  // absolute and without links after open(); fixed from then on
  base::UniqueFd lock;
  WriterLane lane;
  SqliteCheckpointer checkpointer{lane};
  std::atomic<bool> is_open = false;
};

SqliteDatabase::SqliteDatabase(std::string path)
    : state_(std::make_unique<State>(std::move(path))) {}

SqliteDatabase::~SqliteDatabase() {
  close();
}

Result<void> SqliteDatabase::open() {
  CHAT_CHECK(!state_->lock);  // once
  // One lock for one file, whatever links lead to it, and whoever changes the working directory.
  std::error_code error;
  const fs::path path = fs::weakly_canonical(fs::absolute(state_->path, error), error);
  if (error) return tl::make_unexpected(system_error(error.value(), "cannot use", state_->path));
  if (auto made = make_folder(path.parent_path()); !made) return made;
  auto lock = lock_file(path);
  if (!lock) return fail(lock);
  // Made here for its mode, which SQLite gives to the -wal and -shm files as well. Closed before
  // SQLite opens it: closing a file later would drop SQLite's own locks on it.
  if (auto file = open_file(path); !file) return fail(file);
  auto db = open_sqlite(path.string());
  if (!db) return fail(db);
  state_->path = path;
  state_->lock = std::move(*lock);
  state_->checkpointer.start(std::move(*db));
  state_->is_open = true;
  return {};
}

void SqliteDatabase::close() {
  state_->is_open = false;
  state_->checkpointer.stop();
}

Result<std::unique_ptr<Connection>> SqliteDatabase::connect() {
  if (!state_->is_open) return fail(ErrorCode::kUnavailable, describe() + " is not open");
  auto db = open_sqlite(state_->path.string());
  if (!db) return fail(db);
  sqlite3_wal_hook(db->get(), &State::on_commit, state_.get());
  return std::make_unique<SqliteConnection>(std::move(*db), state_->lane);
}

std::string SqliteDatabase::describe() const {
  return state_->described;
}

}  // namespace chat::storage

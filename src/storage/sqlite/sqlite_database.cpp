#include "chat/storage/sqlite_database.h"

#include <fcntl.h>
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
#include "storage/sqlite/sqlite_checkpointer.h"
#include "storage/sqlite/sqlite_connection.h"
#include "storage/sqlite/sqlite_file.h"
#include "storage/sqlite/sqlite_handle.h"
#include "storage/sqlite/writer_lane.h"

namespace chat::storage {
namespace fs = std::filesystem;
namespace {

Error system_error(int error, std::string_view doing, const fs::path& path) {
  return {ErrorCode::kUnavailable,
          std::string(doing) + " " + path.string() + ": " + std::strerror(error)};
}

// SQLite syncs the folder of its files, but not the folders above: after a power cut a new folder
// could be lost, with all acknowledged data in it.
Result<void> make_folder(const fs::path& folder) {
  std::error_code ignored;  // mkdir() gives a better error
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

}  // namespace

struct SqliteDatabase::State {
  explicit State(std::string given) : described("sqlite:" + given), path(std::move(given)) {}

  static int on_commit(void* state, sqlite3*, const char*, int wal_pages) {
    static_cast<State*>(state)->checkpointer.committed(wal_pages);
    return SQLITE_OK;
  }

  const std::string described;
  fs::path path;  // absolute and without symbolic links, fixed after open()
  std::unique_ptr<SqliteFile> file;
  WriterLane lane;
  SqliteCheckpointer checkpointer{lane};
  std::atomic<bool> is_open = false;
};

SqliteDatabase::SqliteDatabase(std::string path)
    : state_(std::make_unique<State>(std::move(path))) {}

SqliteDatabase::~SqliteDatabase() {
  close();
}

bool SqliteDatabase::is_held(const std::string& path) {
  return SqliteFile::is_held(path);
}

Result<void> SqliteDatabase::open() {
  CHAT_CHECK(state_->file == nullptr);  // only once
  // Independent of symbolic links and the working directory, because the -wal is named after it.
  std::error_code error;
  const fs::path path = fs::weakly_canonical(fs::absolute(state_->path, error), error);
  if (error) return tl::make_unexpected(system_error(error.value(), "cannot use", state_->path));
  if (auto made = make_folder(path.parent_path()); !made) return made;
  auto file = SqliteFile::open(path);
  if (!file) return fail(file);
  auto db = open_sqlite(path.string());
  if (!db) return fail(db);
  // A first read creates the -wal and the -shm, which exist while a connection is open.
  if (auto read = sqlite_execute(db->get(), "SELECT COUNT(*) FROM sqlite_schema"); !read) {
    return read;
  }
  (*file)->start_watching();
  state_->path = path;
  state_->file = std::move(*file);
  state_->checkpointer.start(std::move(*db));
  state_->is_open = true;
  return {};
}

void SqliteDatabase::close() {
  state_->is_open = false;
  if (state_->file) state_->file->stop_watching();
  state_->checkpointer.stop();
}

Result<std::unique_ptr<Connection>> SqliteDatabase::connect() {
  if (!state_->is_open) return fail(ErrorCode::kUnavailable, describe() + " is not open");
  // Another file may be at this path by now.
  if (auto in_place = state_->file->look(); !in_place) return fail(in_place);
  auto db = open_sqlite(state_->path.string());
  if (!db) return fail(db);
  if (auto in_place = state_->file->look(); !in_place) return fail(in_place);
  sqlite3_wal_hook(db->get(), &State::on_commit, state_.get());
  return std::make_unique<SqliteConnection>(std::move(*db), state_->lane, *state_->file);
}

std::string SqliteDatabase::describe() const {
  return state_->described;
}

}  // namespace chat::storage

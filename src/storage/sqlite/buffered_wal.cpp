#include "storage/sqlite/buffered_wal.h"

#include <sqlite3.h>

#include <cstddef>
#include <new>
#include <vector>

// A WAL file's writes are kept in memory until something could notice:
//
// - xSync: a commit, because with synchronous=FULL each one syncs the WAL before it publishes its
//   frames in the wal-index. So what others may read is in the file, as without the buffer.
// - The connection reads from the file, asks for its size, truncates or closes it, or writes
//   elsewhere than at the end of what is buffered.
// - The connection gives up the WAL's write lock. A transaction that is rolled back may have
//   written frames before, when its cache was full; another writer will use their place.
//
// The order of writes never changes. See sqlite.org/vfs.html and sqlite.org/walformat.html.
namespace chat::storage {
namespace {

constexpr char kName[] = "chat-buffered-wal";
// Bytes. The usual VFS writes less than 128 KiB at once.
constexpr std::size_t kBufferMax = 64 * 1024;
// The lock of the wal-index that a writer holds (walformat.html, "WAL Locks").
constexpr int kWriteLock = 0;

sqlite3_vfs* usual_vfs = nullptr;

class WalBuffer;

// What SQLite allocates for a file: this, then the file of the usual VFS.
struct File {
  sqlite3_file base;
  WalBuffer* buffer;  // a WAL's own, or, of the database file, that of its open WAL
  File* database;     // of a WAL
};
constexpr std::size_t kFileSize = (sizeof(File) + 15) / 16 * 16;

sqlite3_file* real(File& file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(&file) + kFileSize);
}
File& of(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return real(of(file));
}

class WalBuffer {
 public:
  explicit WalBuffer(sqlite3_file* file) : file_(file) {}

  int write(const void* data, int size, sqlite3_int64 offset) {
    const bool follows = offset == begin_ + static_cast<sqlite3_int64>(bytes_.size());
    if (!follows || bytes_.size() + static_cast<std::size_t>(size) > kBufferMax) {
      if (const int code = flush(); code != SQLITE_OK) return code;
    }
    if (bytes_.empty()) begin_ = offset;
    const char* from = static_cast<const char*>(data);
    try {
      bytes_.insert(bytes_.end(), from, from + size);
    } catch (const std::bad_alloc&) {
      return SQLITE_IOERR_NOMEM;
    }
    return SQLITE_OK;
  }

  // What cannot be written is dropped: SQLite rolls the transaction back.
  int flush() {
    if (bytes_.empty()) return SQLITE_OK;
    const int code =
        file_->pMethods->xWrite(file_, bytes_.data(), static_cast<int>(bytes_.size()), begin_);
    bytes_.clear();
    return code;
  }

 private:
  sqlite3_file* const file_;
  sqlite3_int64 begin_ = 0;  // the offset of bytes_
  std::vector<char> bytes_;
};

int flush(File& file) {
  return file.buffer == nullptr ? SQLITE_OK : file.buffer->flush();
}

int close_wal(sqlite3_file* file) {
  (void)flush(of(file));
  delete of(file).buffer;
  if (of(file).database != nullptr) of(file).database->buffer = nullptr;
  return real(file)->pMethods->xClose(real(file));
}
int close_database(sqlite3_file* file) {
  return real(file)->pMethods->xClose(real(file));
}
int read_wal(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  if (const int code = flush(of(file)); code != SQLITE_OK) return code;
  return real(file)->pMethods->xRead(real(file), data, size, offset);
}
int read_database(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  return real(file)->pMethods->xRead(real(file), data, size, offset);
}
int write_wal(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  return of(file).buffer->write(data, size, offset);
}
int write_database(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  return real(file)->pMethods->xWrite(real(file), data, size, offset);
}
int truncate_wal(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = flush(of(file)); code != SQLITE_OK) return code;
  return real(file)->pMethods->xTruncate(real(file), size);
}
int truncate_database(sqlite3_file* file, sqlite3_int64 size) {
  return real(file)->pMethods->xTruncate(real(file), size);
}
int sync_wal(sqlite3_file* file, int flags) {
  if (const int code = flush(of(file)); code != SQLITE_OK) return code;
  return real(file)->pMethods->xSync(real(file), flags);
}
int sync_database(sqlite3_file* file, int flags) {
  return real(file)->pMethods->xSync(real(file), flags);
}
int size_of_wal(sqlite3_file* file, sqlite3_int64* size) {
  if (const int code = flush(of(file)); code != SQLITE_OK) return code;
  return real(file)->pMethods->xFileSize(real(file), size);
}
int size_of_database(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}

// The same for both.
int lock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* reserved) {
  return real(file)->pMethods->xCheckReservedLock(real(file), reserved);
}
int control(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
int device_characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

// The wal-index, which belongs to the database file.
int map_index(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}
int lock_index(sqlite3_file* file, int first, int count, int flags) {
  if ((flags & SQLITE_SHM_UNLOCK) != 0 && first == kWriteLock) (void)flush(of(file));
  return real(file)->pMethods->xShmLock(real(file), first, count, flags);
}
void index_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int unmap_index(sqlite3_file* file, int deletes) {
  return real(file)->pMethods->xShmUnmap(real(file), deletes);
}
int fetch(sqlite3_file* file, sqlite3_int64 offset, int size, void** memory) {
  return real(file)->pMethods->xFetch(real(file), offset, size, memory);
}
int unfetch(sqlite3_file* file, sqlite3_int64 offset, void* memory) {
  return real(file)->pMethods->xUnfetch(real(file), offset, memory);
}

constexpr sqlite3_io_methods kWalMethods{1,
                                         close_wal,
                                         read_wal,
                                         write_wal,
                                         truncate_wal,
                                         sync_wal,
                                         size_of_wal,
                                         lock,
                                         unlock,
                                         check_reserved_lock,
                                         control,
                                         sector_size,
                                         device_characteristics,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr};
constexpr sqlite3_io_methods kDatabaseMethods{3,
                                              close_database,
                                              read_database,
                                              write_database,
                                              truncate_database,
                                              sync_database,
                                              size_of_database,
                                              lock,
                                              unlock,
                                              check_reserved_lock,
                                              control,
                                              sector_size,
                                              device_characteristics,
                                              map_index,
                                              lock_index,
                                              index_barrier,
                                              unmap_index,
                                              fetch,
                                              unfetch};

int open_database(sqlite3_filename name, File& file, int flags, int* out_flags) {
  const int code = usual_vfs->xOpen(usual_vfs, name, real(file), flags, out_flags);
  // Also after a failure: SQLite then closes what has methods.
  file.base.pMethods = real(file)->pMethods == nullptr ? nullptr : &kDatabaseMethods;
  return code;
}

int open_wal(sqlite3_filename name, File& file, int flags, int* out_flags) {
  const int code = usual_vfs->xOpen(usual_vfs, name, real(file), flags, out_flags);
  if (real(file)->pMethods == nullptr) return code;
  file.buffer = new (std::nothrow) WalBuffer(real(file));
  if (file.buffer == nullptr) {
    real(file)->pMethods->xClose(real(file));
    return SQLITE_NOMEM;
  }
  file.base.pMethods = &kWalMethods;
  sqlite3_file* database = sqlite3_database_file_object(name);
  if (database->pMethods == &kDatabaseMethods) {
    file.database = &of(database);
    file.database->buffer = file.buffer;
  }
  return code;
}

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0) {
    return usual_vfs->xOpen(usual_vfs, name, file, flags, out_flags);
  }
  new (file) File{};
  real(file)->pMethods = nullptr;
  return (flags & SQLITE_OPEN_WAL) != 0 ? open_wal(name, of(file), flags, out_flags)
                                        : open_database(name, of(file), flags, out_flags);
}

// A copy of the usual VFS, whose other functions work on names or on nothing.
const char* register_vfs() {
  usual_vfs = sqlite3_vfs_find(nullptr);
  if (usual_vfs == nullptr) return nullptr;
  static sqlite3_vfs vfs = *usual_vfs;
  vfs.zName = kName;
  vfs.pNext = nullptr;
  vfs.szOsFile = static_cast<int>(kFileSize) + usual_vfs->szOsFile;
  vfs.xOpen = open;
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? kName : nullptr;
}

}  // namespace

const char* buffered_wal_vfs() {
  static const char* const name = register_vfs();
  return name;
}

}  // namespace chat::storage

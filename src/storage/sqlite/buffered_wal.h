#pragma once

namespace chat::storage {

// Registers, once, an SQLite VFS that writes the frames of a transaction to the WAL together, and
// returns its name for sqlite3_open_v2(). SQLite writes each frame with two pwrite() calls, which
// took half of the direct lane's time: 84 messages of as many streams make 336 of them.
//
// Everything else, and all other files, go to SQLite's default VFS. Null: out of memory, which
// means that VFS. Threading: thread-safe.
const char* buffered_wal_vfs();

}  // namespace chat::storage

#pragma once

#include <span>

#include "chat/storage/migrations.h"

namespace chat::storage {

// Defined in a source that the build writes from sql/sqlite/ (embed_migrations.py).
std::span<const Migration> sqlite_migrations();

}  // namespace chat::storage

#pragma once

#include <span>

namespace chat::storage {

struct Migration;

// Defined in sources that the build generates from sql/ (embed_migrations.py).
std::span<const Migration> mysql_migrations();
std::span<const Migration> sqlite_migrations();

}  // namespace chat::storage

#pragma once

#include <string>
#include <vector>

#include "server/config/config.h"
#include "server/finding.h"

namespace chat::server {

// Checks whether a server of this configuration could start now: the database file and its folder
// or the database server, the log files, the ports, Redis. Creates and changes nothing. Blocks on
// other servers for a few seconds at most.
std::vector<Finding> preflight(const Config& config);

// The absolute path of the SQLite file that a start would create, because the one at `storage.path`
// is missing or empty; empty if it exists, or if MySQL is used.
std::string database_file_to_be_made(const Config& config);

}  // namespace chat::server

#pragma once

#include <string>
#include <vector>

#include "server/config/config.h"
#include "server/finding.h"

namespace chat::server {

// What a server of this configuration would meet if it started now: the database file and its
// folder or the database server, the log files, the ports, Redis. Looks only: makes no file and no
// folder, changes nothing. Blocks, for seconds at most, where servers are to be asked.
std::vector<Finding> preflight(const Config& config);

// The absolute path of the SQLite file that a start would make, because there is none at
// `storage.path` or an empty one; empty where there is a file, or where the data is in MySQL.
std::string database_file_to_be_made(const Config& config);

}  // namespace chat::server

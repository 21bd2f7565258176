#include "server/preflight.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "chat/base/unique_fd.h"
#include "chat/cluster/redis_options.h"
#include "chat/cluster/redis_probe.h"
#include "chat/storage/sqlite_database.h"
#include "server/database_setup.h"
#include "server/port_owner.h"

namespace chat::server {
namespace {

namespace fs = std::filesystem;

// Resolves symbolic links, even if the end of the path does not exist yet.
fs::path whole(const fs::path& path) {
  std::error_code error;
  fs::path absolute = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path : absolute;
}

bool may(const fs::path& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

// Why files cannot be created in `folder`, which may itself be created first; empty if they can.
std::string hindrance(fs::path folder) {
  std::error_code ignored;
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  if (!fs::is_directory(folder, ignored)) return folder.string() + " is not a folder";
  if (may(folder, W_OK | X_OK)) return "";
  return fmt::format("{} is not writable: {}", folder.string(), std::strerror(errno));
}

Finding look_at_database_file(const Config& config) {
  const fs::path path = whole(config.storage.path);
  const std::string what = "storage.path " + path.string();
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    if (!fs::is_regular_file(path, ignored)) return {false, what + " is not a file"};
    if (!may(path, R_OK | W_OK)) {
      return {false, fmt::format("{} cannot be read and written: {}", what, std::strerror(errno))};
    }
    if (storage::SqliteDatabase::is_held(path)) {
      return {false, what + " is held by another server"};
    }
  }
  // SQLite creates its log, and the server its lock, beside the file.
  const std::string why = hindrance(path.parent_path());
  if (!why.empty()) return {false, fmt::format("{} cannot be used: {}", what, why)};
  if (!database_file_to_be_made(config).empty()) return {true, what + " would be created"};
  return {true, what + " exists and is writable"};
}

Finding look_at_log(const std::string& key, const std::string& file) {
  const fs::path path = whole(file);
  const std::string what = key + " " + path.string();
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    const std::string why = hindrance(path.parent_path());
    if (!why.empty()) return {false, fmt::format("{} cannot be made: {}", what, why)};
    return {true, what + " would be created"};
  }
  if (fs::is_directory(path, ignored)) return {false, what + " is a folder"};
  if (fs::is_fifo(path, ignored)) return {true, what + " is a pipe, which needs a reader"};
  if (may(path, W_OK)) return {true, what + " is writable"};
  return {false, fmt::format("{} cannot be written: {}", what, std::strerror(errno))};
}

Finding look_at_port(const std::string& key, const net::Address& address) {
  const std::string what = key + " " + address.to_string();
  if (address.port() == 0) return {true, what + ": the system will choose a port"};
  const base::UniqueFd fd(::socket(address.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (fd) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (fd && ::bind(fd.get(), address.data(), address.size()) == 0) {
    const std::string owner = listener_of(address);
    if (owner.empty()) return {true, what + " is free"};
    return {false, what + " is taken by " + owner};
  }
  const int error = errno;
  if (error != EADDRINUSE) {
    return {false, fmt::format("{} cannot be bound: {}", what, std::strerror(error))};
  }
  const std::string owner = listener_of(address);
  return {false, what + " is taken" + (owner.empty() ? "" : " by " + owner)};
}

Finding look_at_redis(const Config& config) {
  cluster::RedisOptions options;
  options.host = config.redis.host;
  options.port = config.redis.port;
  options.socket = config.redis.socket;
  options.password = config.redis.password;
  options.db = config.redis.db;
  const std::string what = cluster::describe_redis_server(options);
  const auto answered = cluster::probe_redis(options);
  if (answered) return {true, what + " answers"};
  return {false, what + " cannot be used now: " + answered.error().message};
}

}  // namespace

std::string database_file_to_be_made(const Config& config) {
  if (config.storage.engine != StorageEngine::kSqlite) return "";
  const fs::path path = whole(config.storage.path);
  std::error_code error;
  const bool has_data = fs::exists(path, error) && fs::file_size(path, error) > 0;
  return has_data || error ? "" : path.string();
}

std::vector<Finding> preflight(const Config& config) {
  std::vector<Finding> findings;
  if (config.storage.engine == StorageEngine::kSqlite) {
    findings.push_back(look_at_database_file(config));
  } else {
    findings = look_at_mysql(config);
  }
  if (!config.log.file.empty()) findings.push_back(look_at_log("log.file", config.log.file));
  if (!config.log.audit_file.empty()) {
    findings.push_back(look_at_log("log.audit_file", config.log.audit_file));
  }
  findings.push_back(look_at_port("server.listen", config.server.listen));
  if (const auto& address = config.server.proxy_listen) {
    findings.push_back(look_at_port("server.proxy_listen", *address));
  }
  if (config.bus.engine == BusEngine::kRedis) findings.push_back(look_at_redis(config));
  return findings;
}

}  // namespace chat::server

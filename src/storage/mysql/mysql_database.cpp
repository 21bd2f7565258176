#include "chat/storage/mysql_database.h"

#include <utility>

#include "storage/mysql/mysql_connection.h"
#include "storage/mysql/mysql_durability.h"
#include "storage/mysql/mysql_watch.h"

namespace chat::storage {
namespace {

constexpr std::chrono::hours kMigrationPatience{24};
constexpr std::chrono::minutes kMigrationLockWait{1};

Result<std::unique_ptr<Connection>> connect_to(const MysqlOptions& options, MysqlWatch* watch) {
  auto db = open_mysql(options);
  if (!db) return fail(db);
  return std::make_unique<MysqlConnection>(std::move(*db), watch);
}

}  // namespace

MysqlDatabase::MysqlDatabase(MysqlOptions options) : options_(std::move(options)) {
  // Before any threads start: mysql_init() would call it, but not thread-safely.
  mysql_library_init(0, nullptr, nullptr);
}

MysqlDatabase::~MysqlDatabase() {
  close();
}

Result<void> MysqlDatabase::open() {
  auto probe = open_mysql(options_);
  if (!probe) return fail(probe);
  watch_ = std::make_unique<MysqlWatch>(options_);
  watch_->start(std::move(*probe));
  return {};
}

void MysqlDatabase::close() {
  if (watch_) watch_->stop();
}

Result<std::unique_ptr<Connection>> MysqlDatabase::connect() {
  if (watch_ && !watch_->serving()) {
    return fail(ErrorCode::kUnavailable, describe() + " cannot be used now");
  }
  auto connection = connect_to(options_, watch_.get());
  // Once the server runs, a refused connection may be a transient fault.
  if (!connection) return fail(ErrorCode::kUnavailable, std::move(connection.error().message));
  return connection;
}

Result<std::unique_ptr<Connection>> MysqlDatabase::connect_to_migrate() {
  MysqlOptions patient = options_;
  patient.io_timeout = kMigrationPatience;
  patient.lock_wait = kMigrationLockWait;
  return connect_to(patient, nullptr);
}

Result<std::vector<std::string>> MysqlDatabase::durability_faults() {
  auto connection = connect_to(options_, nullptr);
  if (!connection) return fail(connection);
  const auto settings = read_durability(**connection);
  if (!settings) return fail(settings);
  return faults_of(*settings);
}

bool MysqlDatabase::met_stall_lately() const {
  return watch_ && watch_->met_stall_lately();
}

std::string MysqlDatabase::describe() const {
  return "mysql:" + describe_mysql(options_);
}

}  // namespace chat::storage

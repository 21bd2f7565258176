#include "chat/storage/mysql_database.h"

#include <utility>

#include "mysql_connection.h"
#include "mysql_durability.h"
#include "mysql_watch.h"
#include "sql.h"

namespace chat::storage {
namespace {

// A server that was killed a moment ago may still be on its way out of the database.
constexpr int kAloneWaitSeconds = 4;
constexpr std::chrono::hours kMigrationPatience{24};
constexpr std::chrono::minutes kMigrationLockWait{1};

Result<std::unique_ptr<Connection>> connect_to(const MysqlOptions& options, MysqlWatch* watch) {
  auto db = open_mysql(options);
  if (!db) return fail(db);
  return std::make_unique<MysqlConnection>(std::move(*db), watch);
}

}  // namespace

MysqlDatabase::MysqlDatabase(MysqlOptions options) : options_(std::move(options)) {
  // Before there are threads: mysql_init() would do it, but not for several of them at once.
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
  lock_holder_.reset();
  if (watch_) watch_->stop();
}

Result<void> MysqlDatabase::be_alone() {
  auto connection = connect_to(options_, nullptr);
  if (!connection) return fail(connection);
  const auto got =
      sql::read_integer(**connection, "SELECT GET_LOCK(CONCAT('chatserver.', MD5(DATABASE())), ?)",
                        kAloneWaitSeconds);
  if (!got) return fail(got);
  if (got->value_or(0) != 1) {
    return fail(ErrorCode::kInvalidArgument, "another server is using the database " + describe() +
                                                 ": several servers need a bus between them");
  }
  lock_holder_ = std::move(*connection);
  return {};
}

Result<void> MysqlDatabase::be_shared() {
  auto connection = connect_to(options_, nullptr);
  if (!connection) return fail(connection);
  const auto is_free = sql::read_integer(
      **connection, "SELECT IS_FREE_LOCK(CONCAT('chatserver.', MD5(DATABASE())))");
  if (!is_free) return fail(is_free);
  if (is_free->value_or(0) == 1) return {};
  return fail(ErrorCode::kInvalidArgument, "a server without a bus has the database " + describe() +
                                               " for itself: stop it first");
}

Result<std::unique_ptr<Connection>> MysqlDatabase::connect() {
  if (watch_ && !watch_->serving()) {
    return fail(ErrorCode::kUnavailable, describe() + " can't be used now");
  }
  auto connection = connect_to(options_, watch_.get());
  // While the server runs, whatever refuses it a connection may pass.
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

std::string MysqlDatabase::describe() const {
  return "mysql:" + describe_mysql(options_);
}

}  // namespace chat::storage

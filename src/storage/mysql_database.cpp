#include "chat/storage/mysql_database.h"

#include <utility>

#include "mysql_connection.h"
#include "sql.h"

namespace chat::storage {
namespace {

// A server that was killed a moment ago may still be on its way out of the database.
constexpr int kAloneWaitSeconds = 4;
constexpr std::chrono::hours kMigrationPatience{24};

Result<std::unique_ptr<Connection>> connect_to(const MysqlOptions& options) {
  auto db = open_mysql(options);
  if (!db) return fail(db);
  return std::make_unique<MysqlConnection>(std::move(*db));
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
  auto connection = connect_to(options_);
  if (!connection) return fail(connection);
  return {};
}

void MysqlDatabase::close() {
  lock_holder_.reset();
}

Result<void> MysqlDatabase::be_alone() {
  auto connection = connect_to(options_);
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

Result<std::unique_ptr<Connection>> MysqlDatabase::connect() {
  return connect_to(options_);
}

Result<std::unique_ptr<Connection>> MysqlDatabase::connect_to_migrate() {
  MysqlOptions patient = options_;
  patient.io_timeout = kMigrationPatience;
  return connect_to(patient);
}

std::string MysqlDatabase::describe() const {
  return "mysql:" + describe_mysql(options_);
}

}  // namespace chat::storage

#include "mariadb_server.h"

#include <mysql.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "chat/base/check.h"
#include "support/deadline.h"
#include "support/templates.h"

namespace chat::test {
namespace {

constexpr const char* kMariadbServer = "/usr/sbin/mariadbd";
constexpr const char* kInstaller = "/usr/bin/mariadb-install-db";
constexpr const char* kDump = "/usr/bin/mariadb-dump";
constexpr milliseconds kStartPatience{30'000};
constexpr milliseconds kQueryPatience{120'000};  // a soak's tables hold millions of rows

// A starting server deletes every "#sql…" in its temporary folder; in /tmp these would include
// those of its neighbours.
std::string own_temporary_files(const TempDir& dir) {
  return "--tmpdir=" + dir.file("tmp");
}

void install_into(const std::string& folder, const TempDir& temporary) {
  std::vector<std::string> command = {kInstaller,
                                      "--no-defaults",
                                      "--datadir=" + folder,
                                      own_temporary_files(temporary),
                                      "--auth-root-authentication-method=normal",
                                      "--skip-test-db"};
  if (::geteuid() == 0) command.emplace_back("--user=root");
  const RunResult result = run_to_end(command, kStartPatience);
  if (result.exit_code != 0) throw std::runtime_error("no MariaDB data: " + result.errors);
}

using Connection = std::unique_ptr<MYSQL, decltype(&mysql_close)>;

std::string error_of(const Connection& connection) {
  return "error " + std::to_string(mysql_errno(connection.get())) + ": " +
         mysql_error(connection.get());
}

// As the administrator. A program per query would cost more than most queries.
Connection connect(const std::string& socket, const std::string& database) {
  Connection connection(mysql_init(nullptr), &mysql_close);
  CHAT_CHECK(connection != nullptr);
  const auto patience = static_cast<unsigned>(kQueryPatience.count() / 1000);
  mysql_options(connection.get(), MYSQL_OPT_CONNECT_TIMEOUT, &patience);
  mysql_options(connection.get(), MYSQL_OPT_READ_TIMEOUT, &patience);
  mysql_options(connection.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (mysql_real_connect(connection.get(), nullptr, "root", nullptr,
                         database.empty() ? nullptr : database.c_str(), 0, socket.c_str(),
                         CLIENT_MULTI_STATEMENTS) == nullptr) {
    throw std::runtime_error("connecting: " + error_of(connection));
  }
  return connection;
}

// Adds the rows of the current result, if it has any.
void append_rows(MYSQL& connection, std::string& rows) {
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result(
      mysql_use_result(&connection), &mysql_free_result);
  if (result == nullptr) return;
  const unsigned columns = mysql_num_fields(result.get());
  while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
    const unsigned long* lengths = mysql_fetch_lengths(result.get());
    for (unsigned i = 0; i < columns; ++i) {
      if (i > 0) rows += '\t';
      rows += row[i] == nullptr ? std::string("NULL") : std::string(row[i], lengths[i]);
    }
    rows += '\n';
  }
}

}  // namespace

std::string MariadbServer::missing() {
  for (const char* program : {kMariadbServer, kInstaller, kDump}) {
    if (::access(program, X_OK) != 0) {
      return std::string(program) + " is not here: install mariadb-server and mariadb-client";
    }
  }
  return "";
}

MariadbServer::MariadbServer() {
  CHAT_CHECK(std::filesystem::create_directory(dir_.file("tmp")));
  install();
  start();
}

MariadbServer::~MariadbServer() = default;

// An installation takes seconds, a copy a few milliseconds.
void MariadbServer::install() {
  const std::string data = dir_.file("data");
  const auto installed =
      find_template("mariadb", [this](const std::string& folder) { install_into(folder, dir_); });
  if (installed.empty()) {
    install_into(data, dir_);
  } else {
    std::filesystem::copy(installed, data, std::filesystem::copy_options::recursive);
  }
}

void MariadbServer::start() {
  std::vector<std::string> command = {
      kMariadbServer,
      "--no-defaults",
      "--datadir=" + dir_.file("data"),
      own_temporary_files(dir_),
      "--socket=" + socket(),
      "--pid-file=" + dir_.file("pid"),
      "--skip-networking",
      "--skip-log-bin",
      "--performance-schema=OFF",
      "--innodb-flush-log-at-trx-commit=1",
      // Only the machine's end would lose what was not flushed, and no test ends the machine.
      "--innodb-flush-method=nosync",
      "--innodb-buffer-pool-dump-at-shutdown=OFF",
      "--innodb-buffer-pool-load-at-startup=OFF",
  };
  if (::geteuid() == 0) command.emplace_back("--user=root");
  child_ = std::make_unique<ChildProcess>(command, dir_.file("stderr"));
  if (wait_until([this] { return !child_->running() || answers(); }, kStartPatience) &&
      child_->running()) {
    return;
  }
  throw std::runtime_error("MariaDB does not start:\n" + read_file(dir_.file("stderr")));
}

bool MariadbServer::answers() {
  try {
    connect(socket(), "");
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

void MariadbServer::kill9() {
  child_->send_signal(SIGKILL);
  child_->wait_exit(Deadline{});
}

void MariadbServer::freeze() {
  child_->freeze();
}

void MariadbServer::thaw() {
  child_->thaw();
}

void MariadbServer::create_database(const std::string& name) {
  query("CREATE DATABASE " + name + "; CREATE USER " + name + "@localhost IDENTIFIED BY '" +
        password() + "'; GRANT ALL ON " + name + ".* TO " + name + "@localhost");
}

void MariadbServer::copy_database(MariadbServer& from, const std::string& name) {
  create_database(name);
  const RunResult dump = run_to_end({kDump, "--no-defaults", "--user=root",
                                     "--socket=" + from.socket(), "--single-transaction", name},
                                    kQueryPatience);
  if (dump.exit_code != 0) throw std::runtime_error("mariadb-dump: " + dump.errors);
  query(dump.output, name);
}

std::string MariadbServer::query(const std::string& sql, const std::string& database) {
  const Connection connection = connect(socket(), database);
  std::string rows;
  int more = mysql_real_query(connection.get(), sql.data(), sql.size());
  for (; more == 0; more = mysql_next_result(connection.get())) append_rows(*connection, rows);
  if (more > 0 || mysql_errno(connection.get()) != 0) {
    throw std::runtime_error(sql + ": " + error_of(connection));
  }
  if (rows.ends_with('\n')) rows.pop_back();
  return rows;
}

}  // namespace chat::test

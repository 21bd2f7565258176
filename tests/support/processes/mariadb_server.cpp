#include "mariadb_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "chat/base/check.h"
#include "chat/base/unique_fd.h"
#include "support/deadline.h"

namespace chat::test {
namespace {

constexpr const char* kMariadbServer = "/usr/sbin/mariadbd";
constexpr const char* kInstaller = "/usr/bin/mariadb-install-db";
constexpr const char* kMariadbClient = "/usr/bin/mariadb";
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

// An installation takes seconds, a copy a few milliseconds. The first program that needs MariaDB
// installs the template in the build folder, while others wait for the lock; it is renamed into
// place when complete.
void copy_template(const std::filesystem::path& templates, const std::string& folder,
                   const TempDir& temporary) {
  namespace fs = std::filesystem;
  fs::create_directories(templates);
  const base::UniqueFd lock(
      ::open((templates / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  CHAT_CHECK(lock && ::flock(lock.get(), LOCK_EX) == 0);
  const fs::path made = templates / "mariadb";
  if (!fs::exists(made)) {
    const fs::path half = templates / "mariadb.half";
    fs::remove_all(half);
    install_into(half, temporary);
    fs::rename(half, made);
  }
  fs::copy(made, folder, fs::copy_options::recursive);
}

}  // namespace

std::string MariadbServer::missing() {
  for (const char* program : {kMariadbServer, kInstaller, kMariadbClient, kDump}) {
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

void MariadbServer::install() {
  const char* templates = std::getenv("CHAT_TEST_TEMPLATES");
  if (templates == nullptr) {
    install_into(dir_.file("data"), dir_);
  } else {
    copy_template(templates, dir_.file("data"), dir_);
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
  const RunResult result = run_to_end({kMariadbClient, "--no-defaults", "--user=root",
                                       "--socket=" + socket(), "--execute=SELECT 1"});
  return result.exit_code == 0;
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
  std::vector<std::string> command = {kMariadbClient,
                                      "--no-defaults",
                                      "--user=root",
                                      "--socket=" + socket(),
                                      "--default-character-set=utf8mb4",
                                      "--batch",
                                      "--skip-column-names",
                                      "--raw",
                                      "--execute=" + sql};
  if (!database.empty()) command.push_back("--database=" + database);
  RunResult result = run_to_end(command, kQueryPatience);
  if (result.exit_code != 0) throw std::runtime_error(sql + ": " + result.errors);
  if (result.output.ends_with('\n')) result.output.pop_back();
  return result.output;
}

}  // namespace chat::test

#include "server_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "support/clients/secrets.h"
#include "support/templates.h"

namespace chat::test {

namespace {

constexpr milliseconds kStopPromise{5'000};
constexpr std::size_t kLogTailBytes = 16 * 1024;

// "ready listen=127.0.0.1:6000 node=…", " listen=" → 6000; 0 if the key is missing.
std::uint16_t port_of(const std::string& ready_line, const std::string& key) {
  const auto begin = ready_line.find(key);
  if (begin == std::string::npos) return 0;
  const auto end = ready_line.find(' ', begin + key.size());
  const std::string address = ready_line.substr(begin + key.size(), end - begin - key.size());
  return static_cast<std::uint16_t>(std::atoi(address.substr(address.rfind(':') + 1).c_str()));
}

// Different for every build of the program.
std::string stamp_of(const std::filesystem::path& program) {
  const auto built = std::filesystem::last_write_time(program).time_since_epoch().count();
  return std::to_string(std::filesystem::file_size(program)) + "-" + std::to_string(built);
}

// To create the tables of a new SQLite file costs a sanitized server as much as the rest of its
// start.
void copy_empty_database(const std::filesystem::path& file) {
  const auto empty = find_template("sqlite-" + stamp_of(chatserver_path()), [](const auto& made) {
    const TempDir dir;
    auto command = chatserver_command(dir.path(), {"storage.path=" + made.string()});
    command.emplace_back("--migrate");
    const RunResult result = run_to_end(command);
    if (result.exit_code != 0) throw std::runtime_error("no empty database: " + result.errors);
  });
  if (!empty.empty()) std::filesystem::copy_file(empty, file);
}

}  // namespace

std::string chatserver_path() {
  const char* path = std::getenv("CHATSERVER");
  if (path == nullptr) throw std::runtime_error("$CHATSERVER must name the chatserver program");
  return path;
}

std::vector<std::string> chatserver_command(const std::filesystem::path& dir,
                                            const Settings& more) {
  Settings settings = {
      "server.listen=127.0.0.1:0",
      "server.admin_socket=" + (dir / "admin.sock").string(),
      "server.io_threads=2",  // so that pushes cross from loop to loop
      "storage.path=" + (dir / "chat.db").string(),
      "auth.argon2_memory_kib=1024",
      "auth.argon2_ops=1",
      "limits.chat_per_second=0",
      "limits.find_per_minute=0",
      "limits.acts_per_minute=0",
      "limits.register_per_minute=0",
      "limits.login_failures_per_minute=0",
      "limits.account_failures_per_minute=0",
      "limits.logins_per_minute=0",
      "limits.bytes_per_second=0",
      "limits.connections=0",
      "limits.connections_per_address=0",
      "log.file=" + (dir / "server.log").string(),
  };
  for (const std::string& setting : more) {
    const std::string key = setting.substr(0, setting.find('=') + 1);
    std::erase_if(settings, [&](const std::string& earlier) { return earlier.starts_with(key); });
    settings.push_back(setting);
  }
  std::vector<std::string> command = {chatserver_path()};
  for (const std::string& setting : settings) {
    command.push_back("--set");
    command.push_back(setting);
  }
  return command;
}

ServerProcess::ServerProcess(Settings settings) : settings_(storage_.settings()) {
  settings_.insert(settings_.end(), settings.begin(), settings.end());
  if (!on_mysql()) copy_empty_database(storage_.file());
  start();
}

ServerProcess::~ServerProcess() {
  if (sanitized()) expect_no_finding();
  child_.reset();
  expect_no_secret_logged();
  if (std::uncaught_exceptions() > 0 || ::testing::Test::HasFailure()) {
    const std::string text = log();
    const std::size_t skipped = text.size() > kLogTailBytes ? text.size() - kLogTailBytes : 0;
    std::cerr << "---- the server's log" << (skipped > 0 ? " (its end)" : "") << "\n"
              << text.substr(skipped) << "----\n";
  }
}

void ServerProcess::expect_no_finding() {
  // Leaks are detected only at an orderly exit.
  send_sigterm();
  child_->wait_exit(Deadline(kStopPromise));
  const std::string said = read_file(dir() / "stderr");
  for (const char* finding : {"Sanitizer", "runtime error:"}) {
    EXPECT_EQ(said.find(finding), std::string::npos) << "a sanitizer has found something:\n"
                                                     << said;
  }
}

void ServerProcess::expect_no_secret_logged() const {
  if (const auto line = line_with_secret(log())) {
    ADD_FAILURE() << "a password, token or message text is in the server's log: " << *line;
  }
}

void ServerProcess::start() {
  launch();
  const auto line = child_->read_line(Deadline{});
  if (!line) fail_start("said nothing");
  take_ready_line(*line);
}

void ServerProcess::launch() {
  child_.reset();
  ready_line_.clear();
  child_ = std::make_unique<ChildProcess>(chatserver_command(dir(), settings_), dir() / "stderr");
}

bool ServerProcess::is_ready() {
  if (!ready_line_.empty()) return true;
  if (const auto line = child_->read_line(Deadline(milliseconds{0}))) take_ready_line(*line);
  return !ready_line_.empty();
}

void ServerProcess::take_ready_line(const std::string& line) {
  ready_line_ = line;
  port_ = port_of(ready_line_, " listen=");
  proxy_port_ = port_of(ready_line_, " proxy_listen=");
  if (!ready_line_.starts_with("ready ") || port_ == 0) fail_start("said: " + ready_line_);
}

void ServerProcess::fail_start(const std::string& why) {
  throw std::runtime_error("the server did not get ready, it " + why + "\n" + log());
}

void ServerProcess::terminate() {
  send_sigterm();
  EXPECT_EQ(wait_exit(), 0) << "exit code after SIGTERM";
}

void ServerProcess::send_sigterm() const {
  child_->send_signal(SIGTERM);
}

void ServerProcess::kill9() {
  child_->send_signal(SIGKILL);
  child_->wait_exit(Deadline{});
}

void ServerProcess::freeze() const {
  child_->freeze();
}

void ServerProcess::thaw() const {
  child_->thaw();
}

std::optional<int> ServerProcess::wait_exit() {
  return child_->wait_exit(Deadline(kStopPromise));
}

pid_t ServerProcess::pid() const {
  return child_->pid();
}

bool ServerProcess::running() {
  return child_->running();
}

std::string ServerProcess::log() const {
  return read_file(dir() / "stderr") + read_file(dir() / "server.log");
}

std::int64_t ServerProcess::memory_kib() const {
  std::ifstream status("/proc/" + std::to_string(pid()) + "/status");
  std::string word;
  while (status >> word) {
    if (word != "RssAnon:") continue;
    std::int64_t kib = 0;
    status >> kib;
    return kib;
  }
  throw std::runtime_error("no RssAnon in /proc/<pid>/status");
}

}  // namespace chat::test

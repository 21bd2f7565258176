#include "nginx_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "free_port.h"
#include "support/deadline.h"

namespace chat::test {
namespace {

constexpr const char* kNginxServer = "/usr/sbin/nginx";
constexpr const char* kStreamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";
constexpr int kStartTries = 5;
constexpr std::size_t kWorkers = 2;  // so that the workers must share their state

std::string shipped_configuration(const char* file) {
  const char* root = std::getenv("CHAT_SOURCE_ROOT");
  if (root == nullptr) throw std::runtime_error("$CHAT_SOURCE_ROOT must name the repository");
  std::string text = read_file(std::filesystem::path(root) / "conf" / file);
  if (text.empty()) throw std::runtime_error(std::string("there is no conf/") + file);
  return text;
}

// "  server 10.0.0.1:6200 weight=1;", "127.0.0.1:7" → "  server 127.0.0.1:7 weight=1;"
std::string with_argument(const std::string& line, const std::string& argument) {
  const auto name = line.find_first_not_of(' ');
  const auto begin = line.find(' ', name) + 1;
  const auto end = line.find_first_of(" ;", begin);
  return line.substr(0, begin) + argument + line.substr(end);
}

std::string title(pid_t pid) {
  return read_file("/proc/" + std::to_string(pid) + "/cmdline").c_str();
}

// "12 (nginx) T 1 …": in /proc/<pid>/stat. A worker has one thread.
bool stopped(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  return stat.find(") T ") != std::string::npos;
}

bool ended(const base::UniqueFd& pidfd) {
  pollfd entry{pidfd.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

}  // namespace

std::string NginxServer::missing() {
  if (::access(kNginxServer, X_OK) != 0)
    return std::string(kNginxServer) + " is not here: install nginx";
  if (::access(kStreamModule, R_OK) != 0) {
    return std::string(kStreamModule) + " is not here: install libnginx-mod-stream";
  }
  return "";
}

NginxServer::NginxServer(std::vector<std::uint16_t> upstreams,
                         std::filesystem::path certificate_folder)
    : upstreams_(std::move(upstreams)),
      certificate_folder_(std::move(certificate_folder)),
      port_(free_port()) {
  // Another process may take the port before nginx binds it.
  for (int tries = 1;; ++tries) {
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      if (tries == kStartTries) throw;
      port_ = free_port();
    }
  }
}

NginxServer::~NginxServer() {
  kill9();
}

void NginxServer::start() {
  // Orphaned workers hold the port: makes them release it and finish their connections.
  for (const auto& worker : workers_) ::syscall(SYS_pidfd_send_signal, worker.get(), SIGQUIT, 0, 0);
  configure();
  launch();
}

void NginxServer::launch() {
  master_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{kNginxServer, "-p", dir_.path().string(), "-e",
                               dir_.file("error.log"), "-c", dir_.file("nginx.conf"), "-g",
                               "daemon off; master_process on;"},
      dir_.file("stderr"));
  // nginx listens before it has workers. Waits for all of them, so that reload() does not mistake
  // one for a new worker, and kill9_master() misses none.
  wait_until([this] { return !master_->running() || serving_workers().size() == kWorkers; });
  if (!master_->running() || serving_workers().size() != kWorkers) {
    throw std::runtime_error("nginx does not start:\n" + log());
  }
}

void NginxServer::configure() const {
  const char* const file = certificate_folder_.empty() ? "nginx.conf" : "nginx-tls.conf";
  std::istringstream shipped(shipped_configuration(file));
  std::ofstream ours(dir_.file("nginx.conf"));
  bool servers_written = false;
  for (std::string line; std::getline(shipped, line);) {
    std::string name;
    std::istringstream(line) >> name;
    if (name == "server" && line.ends_with(';')) {
      if (std::exchange(servers_written, true)) continue;
      for (const std::uint16_t port : upstreams_) {
        ours << with_argument(line, "127.0.0.1:" + std::to_string(port)) << '\n';
      }
      continue;
    }
    if (name == "listen") line = with_argument(line, "127.0.0.1:" + std::to_string(port_));
    if (name == "pid") line = with_argument(line, dir_.file("pid"));
    if (name == "error_log") line = with_argument(line, dir_.file("error.log"));
    if (name == "ssl_certificate") line = with_argument(line, certificate_folder_ / "server.crt");
    if (name == "ssl_certificate_key") {
      line = with_argument(line, certificate_folder_ / "server.key");
    }
    if (name == "worker_processes") line = with_argument(line, std::to_string(kWorkers));
    if (name == "worker_connections") line = with_argument(line, "1024");
    if (name == "worker_rlimit_nofile") continue;
    ours << line << '\n';
  }
}

std::vector<pid_t> NginxServer::serving_workers() const {
  const std::string pid = std::to_string(master_->pid());
  std::istringstream children(read_file("/proc/" + pid + "/task/" + pid + "/children"));
  std::vector<pid_t> serving;
  for (pid_t child = 0; children >> child;) {
    if (title(child) == "nginx: worker process") serving.push_back(child);
  }
  return serving;
}

void NginxServer::reload(std::vector<std::uint16_t> upstreams) {
  upstreams_ = std::move(upstreams);
  configure();
  const std::vector<pid_t> old = serving_workers();
  master_->send_signal(SIGHUP);
  const bool reloaded = wait_until([&] {
    const std::vector<pid_t> now = serving_workers();
    return now.size() == kWorkers && std::ranges::find_first_of(now, old) == now.end();
  });
  if (!reloaded) throw std::runtime_error("nginx does not reload:\n" + log());
}

// All children of the master, including those that are finishing.
void NginxServer::keep_hold_of_workers() {
  const std::string pid = std::to_string(master_->pid());
  std::istringstream children(read_file("/proc/" + pid + "/task/" + pid + "/children"));
  for (pid_t child = 0; children >> child;) {
    base::UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    if (pidfd) workers_.push_back(std::move(pidfd));
  }
}

void NginxServer::kill9_master() {
  if (!master_ || !master_->running()) return;
  // While stopped, the master neither starts nor reaps workers, so the pids read now are valid.
  master_->freeze();
  keep_hold_of_workers();
  master_->send_signal(SIGKILL);
  master_->wait_exit(Deadline{});
}

void NginxServer::kill9_workers() {
  const std::vector<pid_t> old = serving_workers();
  for (const pid_t worker : old) ::kill(worker, SIGKILL);
  const bool replaced = wait_until([&] {
    const std::vector<pid_t> now = serving_workers();
    return now.size() == kWorkers && std::ranges::find_first_of(now, old) == now.end();
  });
  if (!replaced) throw std::runtime_error("nginx makes no new workers:\n" + log());
}

void NginxServer::kill9() {
  kill9_master();
  end_workers(SIGKILL);
}

void NginxServer::freeze() {
  const std::vector<pid_t> workers = serving_workers();
  for (const pid_t worker : workers) ::kill(worker, SIGSTOP);
  if (!wait_until([&] { return std::ranges::all_of(workers, stopped); })) {
    throw std::runtime_error("nginx's workers do not stop");
  }
}

void NginxServer::thaw() {
  for (const pid_t worker : serving_workers()) ::kill(worker, SIGCONT);
}

void NginxServer::end_workers(int signal) {
  for (const auto& worker : workers_) ::syscall(SYS_pidfd_send_signal, worker.get(), signal, 0, 0);
  wait_until([this] { return std::ranges::all_of(workers_, ended); });
  workers_.clear();
}

std::string NginxServer::log() const {
  return read_file(dir_.file("stderr")) + read_file(dir_.file("error.log"));
}

}  // namespace chat::test

#include "mysql_watch.h"

#include <poll.h>
#include <sys/socket.h>

#include <string_view>
#include <utility>

#include "chat/base/log.h"

namespace chat::storage {
namespace {

constexpr std::string_view kQuestion = "SELECT 1";
// Also when the other connections keep hearing something: the probe itself is lost then.
constexpr int kPatiences = 10;

}  // namespace

void MysqlWatch::start(MysqlHandle probe) {
  probe_ = std::move(probe);
  thread_ = base::Thread("db-watch", [this] { work(); });
}

void MysqlWatch::stop() {
  stop_.raise();
  thread_.join();
}

void MysqlWatch::add(int socket, unsigned long connection_id) {
  base::MutexLock lock(mutex_);
  connections_.emplace(socket, connection_id);
}

void MysqlWatch::remove(int socket) {
  base::MutexLock lock(mutex_);
  connections_.erase(socket);
}

std::string MysqlWatch::connection_ids() const {
  base::MutexLock lock(mutex_);
  std::string ids;
  for (const auto& [socket, id] : connections_) {
    if (!ids.empty()) ids += ',';
    ids += std::to_string(id);
  }
  return ids;
}

void MysqlWatch::work() {
  mysql_thread_init();
  while (!stop_.wait_for(kInterval)) turn(probe_answers());
  probe_.reset();
  mysql_thread_end();
}

bool MysqlWatch::probe_answers() {
  MYSQL* const probe = probe_.get();
  if (probe == nullptr || mysql_send_query(probe, kQuestion.data(), kQuestion.size()) != 0) {
    return reconnect();
  }
  if (!wait_for_sign()) {
    probe_.reset();
    return false;
  }
  if (mysql_read_query_result(probe) != 0) return reconnect();
  mysql_free_result(mysql_store_result(probe));
  return true;
}

// A busy database may keep the probe waiting; then it answers others meanwhile.
bool MysqlWatch::wait_for_sign() {
  pollfd answer{static_cast<int>(probe_->net.fd), POLLIN, 0};
  for (int patience = 0; patience < kPatiences; ++patience) {
    const std::uint64_t before = signs_.load(std::memory_order_relaxed);
    if (::poll(&answer, 1, static_cast<int>(kPatience.count())) != 0) return true;
    if (signs_.load(std::memory_order_relaxed) == before) return false;
  }
  return false;
}

// A database that answers with a refusal answers.
bool MysqlWatch::reconnect() {
  probe_.reset();
  auto opened = open_mysql(options_);
  if (!opened) return opened.error().code != ErrorCode::kUnavailable;
  probe_ = std::move(*opened);
  return true;
}

void MysqlWatch::turn(bool answering) {
  const bool before = answering_.exchange(answering, std::memory_order_relaxed);
  if (before != answering) {
    log::warn("event={} database={}", answering ? "database_back" : "database_silent",
              describe_mysql(options_));
  }
  if (answering) return;
  base::MutexLock lock(mutex_);
  for (const auto& [socket, id] : connections_) ::shutdown(socket, SHUT_RDWR);
}

}  // namespace chat::storage

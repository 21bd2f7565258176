#include "mysql_watch.h"

#include <poll.h>
#include <sys/socket.h>

#include <utility>

#include "chat/base/log.h"
#include "mysql_errors.h"

namespace chat::storage {
namespace {

constexpr const char* kSilent = "it does not answer";
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

void MysqlWatch::add(int socket) {
  base::MutexLock lock(mutex_);
  sockets_.insert(socket);
}

void MysqlWatch::remove(int socket) {
  base::MutexLock lock(mutex_);
  sockets_.erase(socket);
}

void MysqlWatch::work() {
  mysql_thread_init();
  while (!stop_.wait_for(kInterval)) turn(look());
  probe_.reset();
  mysql_thread_end();
}

MysqlWatch::Reason MysqlWatch::look() {
  if (probe_ == nullptr || !send_question(probe_.get())) return look_anew();
  if (!wait_for_sign()) {
    probe_.reset();
    return kSilent;
  }
  const MysqlSign sign = read_sign(probe_.get());
  if (sign.error == 0 && sign.writable) return {};
  // The next connection may lead to another server. Connections that only read would stay with this
  // one: they are cut first.
  if (sign.error == 0) turn(sign.what);
  return look_anew();
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

// A server that has no connection left for the watch serves those who have one.
MysqlWatch::Reason MysqlWatch::look_anew() {
  probe_.reset();
  auto opened = open_mysql(options_);
  if (!opened) {
    return opened.error().code == ErrorCode::kUnavailable ? opened.error().message : Reason();
  }
  const MysqlSign sign = ask_mysql(opened->get());
  const bool answered = sign.error == 0 || !ends_connection(mysql_fault(sign.error));
  if (!answered || (sign.error == 0 && !sign.writable)) return sign.what;
  probe_ = std::move(*opened);
  return {};
}

void MysqlWatch::turn(const Reason& reason) {
  const bool serving = reason.empty();
  if (serving_.exchange(serving, std::memory_order_relaxed) != serving) {
    if (serving) {
      log::warn("event=database_back database={}", describe_mysql(options_));
    } else {
      log::warn("event=database_lost database={} what={}", describe_mysql(options_),
                log::quoted(reason));
    }
  }
  if (serving) return;
  base::MutexLock lock(mutex_);
  for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
}

}  // namespace chat::storage

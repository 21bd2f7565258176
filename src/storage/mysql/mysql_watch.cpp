#include "storage/mysql/mysql_watch.h"

#include <linux/tcp.h>  // netinet/tcp.h's tcp_info is older
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "storage/mysql/mysql_errors.h"

namespace chat::storage {
namespace {

constexpr const char* kSilent = "it does not answer";
// After this the probe itself is lost, if other connections get answers.
constexpr int kPatiences = 2;

// The bytes that either end is known to have received. 0: not a TCP connection.
std::uint64_t moved_bytes(int socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_received + info.tcpi_bytes_acked;
}

constinit log::Limiter lost_calls{log::kUsualLines};

}  // namespace

void MysqlWatch::start(MysqlHandle probe) {
  probe_ = std::move(probe);
  thread_ = base::Thread("db-watch", [this] { work(); });
}

void MysqlWatch::stop() {
  stop_.raise();
  thread_.join();
}

void MysqlWatch::add(int socket, const Calls& calls, unsigned long thread_id) {
  base::MutexLock lock(mutex_);
  sockets_.emplace(socket, Watched{&calls, thread_id});
}

void MysqlWatch::remove(int socket) {
  base::MutexLock lock(mutex_);
  sockets_.erase(socket);
}

void MysqlWatch::work() {
  mysql_thread_init();
  Time next_look{};
  while (!stop_.wait_for(kLookInterval)) {
    if (serving()) look_at_calls();
    if (std::chrono::steady_clock::now() < next_look) continue;
    turn(look());
    next_look = std::chrono::steady_clock::now() + kInterval;
  }
  probe_.reset();
  mysql_thread_end();
}

MysqlWatch::Reason MysqlWatch::look() {
  if (probe_ == nullptr) return look_anew();
  const Heard heard = ask_probe();
  if (heard != Heard::kProbe) return without_probe(heard);
  const MysqlSign sign = read_sign(probe_.get());
  if (sign.error == 0 && sign.writable) return {};
  // The next connection may lead to another server. Read-only connections would stay with this one,
  // so they are cut first.
  if (sign.error == 0) turn(sign.what);
  return look_anew();
}

void MysqlWatch::look_at_calls() {
  const Time now = std::chrono::steady_clock::now();
  const std::string ids = long_calls(now);
  if (ids.empty() || probe_ == nullptr) return;
  const std::string question =
      "SELECT id, state IN ('Writing to net', 'Sending to client')"
      " FROM information_schema.processlist WHERE command <> 'Sleep' AND id IN (" +
      ids + ")";
  if (mysql_send_query(probe_.get(), question.data(), question.size()) != 0) return probe_.reset();
  const Heard heard = wait_for_answer();
  if (heard != Heard::kProbe) return turn(without_probe(heard));
  if (mysql_read_query_result(probe_.get()) != 0) return probe_.reset();
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows(
      mysql_store_result(probe_.get()), &mysql_free_result);
  if (rows == nullptr) return probe_.reset();
  Work work;
  while (MYSQL_ROW row = mysql_fetch_row(rows.get())) {
    const bool writes = row[1] != nullptr && *row[1] == '1';
    work.emplace(std::strtoul(row[0], nullptr, 10), writes);
  }
  cut_lost_calls(now, work);
}

bool MysqlWatch::is_long(int socket, Watched& watched) {
  const Time now = std::chrono::steady_clock::now();
  const std::uint32_t call = watched.calls->load(std::memory_order_relaxed);
  const std::uint64_t moved = call % 2 != 0 ? moved_bytes(socket) : 0;
  if (call % 2 != 0 && call == watched.call && moved == watched.moved) {
    return now - watched.since >= kLongCall;
  }
  watched.call = call;
  watched.moved = moved;
  watched.since = now;
  watched.idle = false;
  return false;
}

// The ids of connections whose call takes too long, separated by commas. If they are too many,
// those that have waited longest for their turn.
std::string MysqlWatch::long_calls(Time now) {
  base::MutexLock lock(mutex_);
  std::vector<Watched*> found;
  for (auto& [socket, watched] : sockets_) {
    if (is_long(socket, watched)) found.push_back(&watched);
  }
  std::ranges::sort(found, {}, &Watched::asked);
  if (found.size() > kAskedAbout) found.resize(kAskedAbout);
  std::string ids;
  for (Watched* watched : found) {
    watched->asked = now;
    ids += (ids.empty() ? "" : ",") + std::to_string(watched->thread_id);
  }
  return ids;
}

// An answer may be in flight, so a connection is cut only if it was found idle twice. While the
// server writes an answer, a network that loses it looks like one that is slow, but for the bytes
// that arrive; a Unix socket, for which nobody counts them, loses none.
void MysqlWatch::cut_lost_calls(Time asked, const Work& work) {
  const Time now = std::chrono::steady_clock::now();
  base::MutexLock lock(mutex_);
  for (auto& [socket, watched] : sockets_) {
    if (watched.asked != asked || !is_long(socket, watched)) continue;
    const auto found = work.find(watched.thread_id);
    const bool writes_in_vain = found != work.end() && found->second && watched.moved != 0;
    const bool is_lost = found == work.end() || writes_in_vain;
    const bool was_lost = std::exchange(watched.idle, is_lost);
    if (is_lost || now - watched.since >= kStall) met_stall_ = now;
    if (!is_lost || !was_lost) continue;
    log::limited(log::Level::kWarn, lost_calls,
                 "event=database_call_lost database={} connection={}", describe_mysql(options_),
                 watched.thread_id);
    ::shutdown(socket, SHUT_RDWR);
  }
}

bool MysqlWatch::met_stall_lately() const {
  const Time last = met_stall_.load(std::memory_order_relaxed);
  return last != Time{} && std::chrono::steady_clock::now() - last < kLately;
}

MysqlWatch::Heard MysqlWatch::ask_probe() {
  return send_question(probe_.get()) ? wait_for_answer() : Heard::kProbe;
}

// A busy database may delay the probe while it answers others.
MysqlWatch::Heard MysqlWatch::wait_for_answer() {
  pollfd answer{static_cast<int>(probe_->net.fd), POLLIN, 0};
  for (int patience = 0; patience < kPatiences; ++patience) {
    const std::uint64_t before = signs_.load(std::memory_order_relaxed);
    if (::poll(&answer, 1, static_cast<int>(kPatience.count())) != 0) return Heard::kProbe;
    if (signs_.load(std::memory_order_relaxed) == before) return Heard::kNobody;
  }
  return Heard::kOthers;
}

MysqlWatch::Reason MysqlWatch::without_probe(Heard heard) {
  probe_.reset();
  return heard == Heard::kNobody ? kSilent : look_anew();
}

// A server that has no connection left for the watch still serves existing ones, and a database
// that answers others has only lost the watch's connection.
MysqlWatch::Reason MysqlWatch::look_anew() {
  probe_.reset();
  const std::uint64_t before = signs_.load(std::memory_order_relaxed);
  auto opened = open_mysql(options_);
  if (!opened) {
    const bool heard = signs_.load(std::memory_order_relaxed) != before;
    const bool lost = opened.error().code == ErrorCode::kUnavailable && !heard;
    return lost ? opened.error().message : Reason();
  }
  probe_ = std::move(*opened);
  const Heard heard = ask_probe();
  Reason reason = heard == Heard::kNobody ? kSilent : Reason();
  if (heard == Heard::kProbe) {
    const MysqlSign sign = read_sign(probe_.get());
    const bool answered = sign.error == 0 || !ends_connection(mysql_fault(sign.error));
    if (answered && (sign.error != 0 || sign.writable)) return {};
    reason = sign.what;
  }
  probe_.reset();
  return reason;
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
  for (const auto& item : sockets_) ::shutdown(item.first, SHUT_RDWR);
}

}  // namespace chat::storage

#include "cluster/redis/redis_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <vector>

#include "chat/base/check.h"

namespace chat::cluster {
namespace {

using std::chrono::steady_clock;

tl::unexpected<Error> stopped() {
  return fail(ErrorCode::kUnavailable, "the bus is being stopped");
}

// Errors that retrying cannot cure. "max number of clients" looks like one but is transient.
bool is_configuration_fault(std::string_view error) {
  if (error.find("max number of clients") != std::string_view::npos) return false;
  constexpr std::array<std::string_view, 5> kFaults = {"ERR", "WRONGPASS", "NOAUTH", "NOPERM",
                                                       "DENIED"};
  return std::any_of(kFaults.begin(), kFaults.end(),
                     [error](std::string_view fault) { return error.starts_with(fault); });
}

Error refusal(std::string_view doing, std::string_view error) {
  const bool fault = is_configuration_fault(error);
  return {fault ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable,
          fmt::format("Redis refuses {}: {}", doing, error)};
}

redisContext* begin_connect(const RedisOptions& options) {
  if (!options.socket.empty()) return redisConnectUnixNonBlock(options.socket.c_str());
  return redisConnectNonBlock(options.host.c_str(), options.port);
}

}  // namespace

Result<RedisConnection> RedisConnection::open(const RedisOptions& options, const Wakeup& stop) {
  RedisConnection connection(begin_connect(options));
  if (connection.context_ == nullptr) return fail(ErrorCode::kUnavailable, "no memory");
  if (connection.context_->err != 0) return tl::make_unexpected(connection.failure());
  ::fcntl(connection.context_->fd, F_SETFD, FD_CLOEXEC);
  if (auto connected = connection.finish_connect(stop); !connected) return fail(connected);
  if (auto in = connection.log_in(options, stop); !in) return fail(in);
  return connection;
}

Result<void> RedisConnection::finish_connect(const Wakeup& stop) {
  const int fd = context_->fd;
  std::array<pollfd, 2> entries{{{fd, POLLOUT, 0}, {stop.fd(), POLLIN, 0}}};
  if (!poll_until(entries, steady_clock::now() + kConnectTimeout)) {
    return fail(ErrorCode::kTimeout, "connecting timed out");
  }
  if (entries[1].revents != 0) return stopped();
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return fail(ErrorCode::kUnavailable, ::strerror(error));
  return {};
}

Result<void> RedisConnection::log_in(const RedisOptions& options, const Wakeup& stop) {
  const std::string db = std::to_string(options.db);
  std::vector<std::string_view> steps;
  if (!options.password.empty()) {
    append({"AUTH", options.password});
    steps.emplace_back("the password");
  }
  if (options.db != 0) {
    append({"SELECT", db});
    steps.emplace_back("the database");
  }
  append({"PING"});
  steps.emplace_back("the connection");

  const auto deadline = steady_clock::now() + kLoginTimeout;
  for (const std::string_view step : steps) {
    auto reply = await_reply(deadline, &stop);
    if (!reply) return fail(reply);
    if (*reply == nullptr) return stopped();
    if (is_error(**reply)) return tl::make_unexpected(refusal(step, text_of(**reply)));
  }
  return {};
}

pollfd RedisConnection::interest() const {
  return {context_->fd, static_cast<short>(writing_ ? POLLIN | POLLOUT : POLLIN), 0};
}

Result<void> RedisConnection::transfer(short events) {
  if ((events & POLLOUT) != 0) {
    int done = 0;
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return tl::make_unexpected(failure());
    writing_ = done == 0;
  }
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
    if (redisBufferRead(context_.get()) != REDIS_OK) return tl::make_unexpected(failure());
  }
  return {};
}

void RedisConnection::append(std::span<const std::string_view> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  texts.reserve(words.size());
  sizes.reserve(words.size());
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  const int appended = redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()),
                                              texts.data(), sizes.data());
  CHAT_CHECK(appended == REDIS_OK);  // fails only when out of memory
  writing_ = true;
}

Result<RedisReply> RedisConnection::next_reply() {
  void* reply = nullptr;
  if (redisGetReplyFromReader(context_.get(), &reply) != REDIS_OK) {
    return tl::make_unexpected(failure());
  }
  return RedisReply(static_cast<redisReply*>(reply));
}

Result<RedisReply> RedisConnection::await_reply(base::SteadyTime deadline, const Wakeup* stop) {
  for (;;) {
    auto reply = next_reply();
    if (!reply || *reply != nullptr) return reply;
    std::array<pollfd, 2> entries{{interest(), {stop == nullptr ? -1 : stop->fd(), POLLIN, 0}}};
    if (!poll_until(entries, deadline)) return fail(ErrorCode::kTimeout, "the reply timed out");
    if (entries[1].revents != 0) return RedisReply();
    if (auto done = transfer(entries[0].revents); !done) return fail(done);
  }
}

Error RedisConnection::failure() const {
  return {ErrorCode::kUnavailable, static_cast<const char*>(context_->errstr)};
}

std::string describe_redis(const RedisOptions& options) {
  if (!options.socket.empty()) return fmt::format("redis:{}/{}", options.socket, options.db);
  return fmt::format("redis:{}:{}/{}", options.host, options.port, options.db);
}

}  // namespace chat::cluster

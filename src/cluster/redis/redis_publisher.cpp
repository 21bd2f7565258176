#include "cluster/redis/redis_publisher.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "cluster/redis/redis_wire.h"

namespace chat::cluster {
namespace {

constinit log::Limiter overflows{log::kRepeatedFault};
constinit log::Limiter publisher_outages{log::kUsualLines};
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kChunkMessages = 256;
constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
constexpr milliseconds kReplyPatience{1000};
constexpr milliseconds kPingAfter{2000};
constexpr milliseconds kTellAgainAfter{1000};
constexpr milliseconds kLastWords{100};
// If messages are produced faster than the link sends them, all become late. At this lag the other
// nodes must read the tables, as after a loss … …
constexpr milliseconds kLagMax{3000};
// … and messages this old are dropped, because the other nodes find them there sooner.
constexpr milliseconds kLateMax{5000};
constexpr milliseconds kChunkPatience{2000};

// How many messages from the front make a chunk; at least one.
std::size_t chunk_size(std::span<const BusMessage> messages) {
  std::size_t bytes = messages.front().payload.size();
  std::size_t count = 1;
  const std::size_t most = std::min(kChunkMessages, messages.size());
  while (count < most && (bytes += messages[count].payload.size()) <= kChunkBytes) ++count;
  return count;
}

}  // namespace

void RedisPublisher::start(Result<RedisConnection> first) {
  if (first) {
    connection_.emplace(std::move(*first));
  } else {
    say_down(first.error().message);
  }
  thread_ = base::Thread("bus-publisher", [this] { work(); });
}

void RedisPublisher::work() {
  while (!stopping_) {
    if (connection_) {
      await_work();
    } else {
      reconnect();
    }
    deliver();
  }
  deliver();  // messages that arrived during the last delivery
}

void RedisPublisher::await_work() {
  std::array<pollfd, 3> entries{
      {connection_->interest(), {wakeup_.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
  const auto patience = lost_ ? kTellAgainAfter : kPingAfter;
  const bool woken = poll_until(entries, steady_clock::now() + patience);
  if (entries[2].revents != 0) begin_to_stop();
  if (entries[0].revents != 0) {
    // No reply is owed, so this is the end of the connection, or an error before it.
    const auto done = connection_->transfer(entries[0].revents);
    say_down(done ? "an unexpected reply" : done.error().message);
    connection_.reset();
  } else if (!woken) {
    ping();
  }
}

void RedisPublisher::reconnect() {
  pause();
  if (stopping_) return;
  if (auto connection = RedisConnection::open(options_, stop_)) {
    connection_.emplace(std::move(*connection));
  }
}

// Messages that arrive meanwhile are lost.
void RedisPublisher::pause() {
  const auto until = steady_clock::now() + backoff_.next();
  std::array<pollfd, 2> entries{{{wakeup_.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
  while (poll_until(entries, until)) {
    if (entries[1].revents != 0) {
      begin_to_stop();
      return;
    }
    deliver();
  }
}

void RedisPublisher::begin_to_stop() {
  stopping_ = true;
  give_up_at_ = steady_clock::now() + kLastWords;
}

void RedisPublisher::deliver() {
  wakeup_.clear();
  const RedisOutbox::Contents contents = outbox_.take();
  if (contents.dropped > 0) {
    note_loss();
    log::limited(log::Level::kWarn, overflows, "event=bus_overflow dropped={}", contents.dropped);
  }
  if (connection_ && lost_) tell_gap();
  publish_all(contents.messages, contents.since);
  if (connection_ && !lost_ && std::exchange(said_down_, false)) {
    log::info("event=bus_publish_up");
  }
}

void RedisPublisher::publish_all(std::span<const BusMessage> messages, base::SteadyTime since) {
  while (!messages.empty()) {
    const auto now = steady_clock::now();
    if (now - since > kLagMax) losses_.fetch_add(1, std::memory_order_relaxed);
    const bool late = now - since > kLateMax;
    if (late) {
      log::limited(log::Level::kWarn, overflows, "event=bus_late dropped={}", messages.size());
    }
    if (!connection_ || late || (stopping_ && now >= give_up_at_)) {
      note_loss();
      return;
    }
    const std::size_t count = chunk_size(messages);
    publish_chunk(messages.first(count));
    messages = messages.subspan(count);
  }
}

void RedisPublisher::publish_chunk(std::span<const BusMessage> messages) {
  for (const BusMessage& message : messages) {
    encode_message(options_.node, message.payload, bytes_);
    connection_->append({"PUBLISH", channel_name(options_.cluster, message.channel), bytes_});
  }
  const auto until = steady_clock::now() + kChunkPatience;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const RedisReply reply = receive(until);
    if (reply == nullptr || is_error(*reply)) note_loss();
    if (reply == nullptr) return;
    if (is_error(*reply)) say_down(text_of(*reply));
  }
}

void RedisPublisher::tell_gap() {
  encode_message(options_.node, kGapPayload, bytes_);
  connection_->append({"PUBLISH", nodes_channel(options_.cluster), bytes_});
  const RedisReply reply = receive(steady_clock::now() + kReplyPatience);
  if (reply != nullptr && !is_error(*reply)) lost_ = false;
}

void RedisPublisher::ping() {
  connection_->append({"PING"});
  receive(steady_clock::now() + kReplyPatience);
}

// Null if the connection was given up.
RedisReply RedisPublisher::receive(base::SteadyTime until) {
  for (;;) {
    const auto deadline =
        stopping_ ? give_up_at_ : std::min(until, steady_clock::now() + kReplyPatience);
    auto reply = connection_->await_reply(deadline, stopping_ ? nullptr : &stop_);
    if (!reply) {
      say_down(reply.error().message);
      connection_.reset();
      return nullptr;
    }
    if (*reply != nullptr) {
      backoff_.reset();
      return std::move(*reply);
    }
    begin_to_stop();
  }
}

void RedisPublisher::note_loss() {
  lost_ = true;
  losses_.fetch_add(1, std::memory_order_relaxed);
}

void RedisPublisher::say_down(std::string_view reason) {
  if (std::exchange(said_down_, true)) return;
  log::limited(log::Level::kWarn, publisher_outages, "event=bus_publish_down reason={}",
               log::quoted(reason));
}

}  // namespace chat::cluster

#include "chat/cluster/redis_bus.h"

#include <utility>

#include "cluster/redis/redis_connection.h"
#include "cluster/redis/redis_publisher.h"
#include "cluster/redis/redis_subscriber.h"
#include "cluster/redis/wakeup.h"

namespace chat::cluster {
namespace {

Result<void> check(const RedisOptions& options) {
  if (options.node.empty() || options.node.find('\n') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "redis: the node's name must be one line of text");
  }
  return {};
}

Error at(const RedisOptions& options, const Error& error) {
  return {error.code, describe_redis(options) + ": " + error.message};
}

}  // namespace

RedisBus::RedisBus(RedisOptions options)
    : options_(std::move(options)),
      stop_(std::make_unique<Wakeup>()),
      subscriber_(std::make_unique<RedisSubscriber>(options_, *stop_)),
      publisher_(std::make_unique<RedisPublisher>(options_, *stop_)) {}

RedisBus::~RedisBus() {
  stop();
}

Result<void> RedisBus::start(BusListener& listener) {
  if (auto checked = check(options_); !checked) return checked;
  if (auto opened = stop_->open(); !opened) return opened;
  if (auto opened = subscriber_->open(); !opened) return opened;
  if (auto opened = publisher_->open(); !opened) return opened;

  auto first = RedisConnection::open(options_, *stop_);
  if (!first && first.error().code == ErrorCode::kInvalidArgument) {
    return tl::make_unexpected(at(options_, first.error()));
  }
  // After a failed attempt, start() does not wait for a second one.
  auto second = first ? RedisConnection::open(options_, *stop_)
                      : Result<RedisConnection>(tl::make_unexpected(first.error()));
  subscriber_->start(std::move(first), listener);
  publisher_->start(std::move(second));
  return {};
}

void RedisBus::stop() {
  if (!stop_->is_open()) return;
  stop_->raise();
  subscriber_->stop();
  publisher_->stop();
}

void RedisBus::subscribe(std::vector<Channel> channels, base::Task heard) {
  subscriber_->ask({RedisMailbox::Verb::kSubscribe, std::move(channels), std::move(heard)});
}

void RedisBus::unsubscribe(std::vector<Channel> channels) {
  subscriber_->ask({RedisMailbox::Verb::kUnsubscribe, std::move(channels), {}});
}

void RedisBus::publish(std::vector<BusMessage> messages) {
  publisher_->publish(std::move(messages));
}

bool RedisBus::up() const {
  return subscriber_->up();
}

std::uint64_t RedisBus::losses() const {
  return publisher_->losses();
}

std::string RedisBus::describe() const {
  return describe_redis(options_);
}

}  // namespace chat::cluster

#include "cluster/redis/redis_subscriber.h"

#include <array>
#include <chrono>
#include <exception>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "cluster/redis/redis_wire.h"

namespace chat::cluster {
namespace {

constinit log::Limiter subscriber_outages{log::kUsualLines};
using std::chrono::steady_clock;
using Verb = RedisMailbox::Verb;

// Listeners run on this thread; an exception from one must not end it.
template <typename Call>
void guarded(Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    log::error("event=bus_callback_failed what={}", log::quoted(error.what()));
  }
}

}  // namespace

void RedisSubscriber::start(Result<RedisConnection> first, BusListener& listener) {
  listener_ = &listener;
  if (first) {
    // From here on subscriptions wait for their confirmation, so the first link misses nothing.
    link_.emplace(std::move(*first), steady_clock::now());
    obey(mailbox_.set_connected(true));
  } else {
    go_down(first.error());
  }
  thread_ = base::Thread("bus-subscriber", [this] { work(); });
}

void RedisSubscriber::stop() {
  mailbox_.close();
  thread_.join();
}

void RedisSubscriber::work() {
  if (link_) join();
  while (!stopping_) {
    if (link_) {
      serve();
    } else {
      reconnect();
    }
  }
  disconnect();
}

void RedisSubscriber::reconnect() {
  pause();
  if (stopping_) return;
  auto connection = RedisConnection::open(options_, stop_);
  if (!connection) {
    say_refused(connection.error());
    return;
  }
  link_.emplace(std::move(*connection), steady_clock::now());
  join();
}

// Redis is up again but now refuses our options, which an operator must correct.
void RedisSubscriber::say_refused(const Error& error) {
  if (error.code != ErrorCode::kInvalidArgument || std::exchange(said_refused_, true)) return;
  log::error("event=bus_refused bus={} reason={}", log::quoted(describe_redis(options_)),
             log::quoted(error.message));
}

// Keeps recording requests meanwhile.
void RedisSubscriber::pause() {
  const auto until = steady_clock::now() + backoff_.next();
  std::array<pollfd, 2> entries{{{mailbox_.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
  while (poll_until(entries, until)) {
    if (entries[1].revents != 0) {
      stopping_ = true;
      return;
    }
    obey(mailbox_.take());
  }
}

// Subscribes to all wanted channels, including those requested before there was a link.
void RedisSubscriber::join() {
  const auto now = steady_clock::now();
  link_->ask(Verb::kSubscribe, nodes_channel(options_.cluster), now);
  wanted_.for_each([this, now](const Channel& channel) {
    link_->ask(Verb::kSubscribe, channel_name(options_.cluster, channel), now);
  });
  obey(mailbox_.set_connected(true));
  joined_at_ = link_->confirmations().asked();
}

void RedisSubscriber::serve() {
  Result<void> alive;
  while (alive && !stopping_) alive = step();
  if (!alive) go_down(alive.error());
}

Result<void> RedisSubscriber::step() {
  std::array<pollfd, 3> entries{
      {link_->interest(), {mailbox_.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
  poll_until(entries, link_->deadline());
  if (entries[2].revents != 0) {
    stopping_ = true;
    return {};
  }
  auto done = link_->transfer(
      entries[0].revents, steady_clock::now(),
      [this](std::string_view channel, std::string_view bytes) { on_message(channel, bytes); });
  if (!done) return done;
  if (entries[1].revents != 0) obey(mailbox_.take());
  settle();
  return link_->keep_alive(steady_clock::now());
}

void RedisSubscriber::obey(std::vector<RedisMailbox::Request> requests) {
  const auto now = steady_clock::now();
  for (RedisMailbox::Request& request : requests) {
    const Verb verb = request.verb;
    for (const Channel& channel : request.channels) {
      const bool changed =
          verb == Verb::kSubscribe ? wanted_.add(channel) : wanted_.remove(channel);
      if (changed && link_) link_->ask(verb, channel_name(options_.cluster, channel), now);
    }
    if (!request.heard) continue;
    if (link_) {
      link_->when_confirmed(std::move(request.heard));
    } else {
      guarded(request.heard);
    }
  }
  if (link_) link_->flush();
}

void RedisSubscriber::settle() {
  Confirmations& confirmations = link_->confirmations();
  if (!up_ && confirmations.confirmed() >= joined_at_) come_up();
  for (base::Task& heard : confirmations.take_due()) guarded(heard);
}

void RedisSubscriber::come_up() {
  up_ = true;
  said_down_ = false;
  said_refused_ = false;
  backoff_.reset();
  log::info("event=bus_up bus={} channels={}", log::quoted(describe_redis(options_)),
            wanted_.size());
  if (std::exchange(missed_, false)) guarded([this] { listener_->on_bus_gap(); });
}

void RedisSubscriber::go_down(const Error& reason) {
  missed_ = true;
  if (!std::exchange(said_down_, true)) {
    log::limited(log::Level::kWarn, subscriber_outages, "event=bus_down bus={} reason={}",
                 log::quoted(describe_redis(options_)), log::quoted(reason.message));
  }
  disconnect();
}

// Ends pending waits, because no confirmations will arrive: callers need not wait while the bus is
// down.
void RedisSubscriber::disconnect() {
  auto requests = mailbox_.set_connected(false);
  up_ = false;
  std::vector<base::Task> waiting;
  if (link_) waiting = link_->confirmations().abandon();
  link_.reset();
  for (base::Task& heard : waiting) guarded(heard);
  obey(std::move(requests));
}

void RedisSubscriber::on_message(std::string_view channel, std::string_view bytes) {
  const auto message = decode_message(bytes);
  if (!message || message->origin == options_.node) return;
  if (channel == nodes_channel(options_.cluster)) {
    if (message->payload == kGapPayload) guarded([this] { listener_->on_bus_gap(); });
    return;
  }
  const auto target = parse_channel(options_.cluster, channel);
  if (!target) return;
  const BusMessage received{*target, std::string(message->payload)};
  guarded([this, &received] { listener_->on_bus_message(received); });
}

}  // namespace chat::cluster

#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/thread.h"
#include "chat/cluster/bus.h"
#include "chat/cluster/redis_options.h"
#include "cluster/redis/backoff.h"
#include "cluster/redis/redis_link.h"
#include "cluster/redis/redis_mailbox.h"
#include "cluster/redis/wakeup.h"
#include "cluster/subscriptions.h"

namespace chat::cluster {

// The thread that listens to Redis. It owns the connection and the set of wanted channels; other
// threads send it requests through the mailbox. The bus counts as down until Redis has confirmed
// all channels wanted at connect time; coming up after an outage is a gap for the listener.
// Threading: ask() and up() are thread-safe; open(), start() and stop() externally synchronised.
class RedisSubscriber {
 public:
  RedisSubscriber(const RedisOptions& options, const Wakeup& stop)
      : options_(options), stop_(stop) {}
  ~RedisSubscriber() { stop(); }

  Result<void> open() { return mailbox_.open(); }
  // `first` is the result of the first connection attempt.
  void start(Result<RedisConnection> first, BusListener& listener);
  // Call after raising `stop`. Calls every remaining `heard` before it returns.
  void stop();

  void ask(RedisMailbox::Request request) { mailbox_.put(std::move(request)); }
  bool up() const { return up_; }

 private:
  void work();
  void reconnect();
  void say_refused(const Error& error);
  void pause();
  void join();
  void serve();
  Result<void> step();
  void obey(std::vector<RedisMailbox::Request> requests);
  void settle();
  void come_up();
  void go_down(const Error& reason);
  void disconnect();
  void on_message(std::string_view channel, std::string_view bytes);

  const RedisOptions& options_;
  const Wakeup& stop_;
  BusListener* listener_ = nullptr;  // fixed after start()
  base::Thread thread_;
  RedisMailbox mailbox_;
  std::atomic<bool> up_ = false;  // written by the thread

  // Confined to the thread.
  Subscriptions wanted_;
  std::optional<RedisLink> link_;
  std::uint64_t joined_at_ = 0;  // the number of confirmations at which the link is up
  bool missed_ = false;          // there was a time without a link
  bool said_down_ = false;
  bool said_refused_ = false;
  bool stopping_ = false;
  Backoff backoff_;
};

}  // namespace chat::cluster

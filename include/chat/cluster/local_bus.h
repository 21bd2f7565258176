#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/cluster/bus.h"

namespace chat::cluster {

class LocalBus;
class Subscriptions;

// Connects the buses of the nodes in one process: one by default, several in tests. Threading:
// thread-safe. Ownership: outlives its buses.
class LocalHub {
 public:
  LocalHub();
  ~LocalHub();
  LocalHub(const LocalHub&) = delete;
  LocalHub& operator=(const LocalHub&) = delete;

 private:
  friend class LocalBus;
  Subscriptions& wanted_locked(const LocalBus* bus) CHAT_REQUIRES(mutex_);

  base::Mutex mutex_;
  std::vector<LocalBus*> buses_ CHAT_GUARDED_BY(mutex_);  // the started ones
  std::unordered_map<const LocalBus*, std::unique_ptr<Subscriptions>> wanted_
      CHAT_GUARDED_BY(mutex_);
};

// The bus without Redis. Listeners are called on the publisher's thread.
class LocalBus final : public Bus {
 public:
  explicit LocalBus(LocalHub& hub) : hub_(hub) {}
  ~LocalBus() override;

  void set_cluster(std::string /*id*/) override {}
  Result<void> start(BusListener& listener) override;
  void stop() override;
  void subscribe(std::vector<Channel> channels, base::Task heard) override;
  void unsubscribe(std::vector<Channel> channels) override;
  void publish(std::vector<BusMessage> messages) override;
  bool alone() const override;
  bool up() const override { return true; }
  std::uint64_t losses() const override { return 0; }
  std::string describe() const override { return "local"; }

 private:
  std::vector<LocalBus*> others_on(const Channel& channel) const;

  LocalHub& hub_;
  BusListener* listener_ = nullptr;  // fixed between start() and stop()
};

}  // namespace chat::cluster

#include "chat/service/services.h"

#include <optional>
#include <utility>

#include "service/credentials/password_hasher.h"
#include "service/dispatch/dispatcher.h"
#include "service/dispatch/service_context.h"
#include "service/dispatch/settle_queue.h"
#include "service/groups/departures.h"
#include "service/people/search_filler.h"

namespace chat::service {

struct Services::Parts {
  Parts(const ServiceEnvironment& environment, ServiceOptions options, HashCost hash_cost)
      : settle_queue(environment.pool),
        search_filler(environment.pool),
        departures(environment),
        hasher(hash_cost.memory_kib, hash_cost.ops),
        context{environment, settle_queue, departures, hasher, {}, std::move(options)} {}

  SettleQueue settle_queue;
  SearchFiller search_filler;
  Departures departures;
  PasswordHasher hasher;
  ServiceContext context;
  std::optional<Dispatcher> dispatcher;
};

Services::Services(const ServiceEnvironment& environment, ServiceOptions options,
                   HashCost hash_cost)
    : parts_(std::make_unique<Parts>(environment, std::move(options), hash_cost)) {}

Services::~Services() {
  stop();
}

Result<void> Services::open() {
  return parts_->hasher.open();
}

void Services::start(const storage::Node& node, const std::string& node_name,
                     const std::string& cluster_id) {
  parts_->context.node = node;
  parts_->context.options.cluster_id = cluster_id;
  parts_->context.options.node = node_name;
  parts_->dispatcher.emplace(parts_->context);
  parts_->settle_queue.start();
  parts_->search_filler.start();
}

void Services::start_departures() {
  parts_->departures.start();
}

void Services::stop() {
  parts_->departures.stop();
  parts_->search_filler.stop();
  parts_->settle_queue.stop();
}

session::RequestHandler& Services::handler() {
  return *parts_->dispatcher;
}

Moderation& Services::moderation() {
  return parts_->dispatcher->moderation();
}

}  // namespace chat::service

#include "chat/delivery/delivery.h"

#include <array>
#include <utility>

#include "chat/delivery/backlog.h"
#include "chat/delivery/recipients.h"
#include "chat/delivery/user_name_cache.h"
#include "delivery/cursors/aftermath.h"
#include "delivery/cursors/receipts.h"
#include "delivery/cursors/writeback.h"
#include "delivery/events/bus_health.h"
#include "delivery/events/cluster_events.h"
#include "delivery/events/hint_relay.h"
#include "delivery/events/resync.h"
#include "delivery/journal/journal.h"
#include "delivery/journal/stores.h"
#include "delivery/push/presence.h"
#include "delivery/push/router.h"
#include "delivery/push/takeover_waiter.h"
#include "delivery/push/typing_relay.h"
#include "delivery/retention.h"

namespace chat::delivery {

// In order of dependency; destroyed in reverse.
struct Delivery::Parts {
  explicit Parts(DeliveryEnvironment given) : environment(std::move(given)) {
    router.set_told_listener(&presence);
    router.set_suspect_listener([this](UserId user) { resync.suspect(user); });
  }

  Upstream look_upstream() const {
    if (environment.workers.queued() > 0) return Upstream::kRequests;
    return environment.loops.are_asleep() ? Upstream::kIdle : Upstream::kBusy;
  }

  const DeliveryEnvironment environment;
  UserNameCache user_names{environment.pool};
  Backlog backlog{environment.pool, user_names};
  Writeback writeback{environment.pool};
  Recipients recipients{environment.loops, backlog, writeback, environment.bus,
                        environment.workers};
  TakeoverWaiter takeovers{environment.clock};
  BusHealth bus_health{environment.bus, environment.clock,
                       [this](bool mute) { environment.lease.set_mute(mute); }};
  HintRelay hint_relay{environment.pool, bus_health};
  Router router{environment.loops, environment.registry, recipients, takeovers,
                bus_health,        hint_relay,           user_names, environment.bus};
  Presence presence{environment.pool, router, hint_relay, environment.bus};
  TypingRelay typing{environment.pool, router, environment.clock};
  Resync resync{environment.registry, recipients, takeovers, environment.pool,
                environment.bus,      bus_health, presence,  user_names};
  Receipts receipts{router, hint_relay, environment.pool};
  ClusterEvents cluster_events{
      router, resync, presence, receipts, user_names, bus_health, environment.on_lease_lost};
  Aftermath aftermath{receipts, presence, router};
  Retention retention{environment.pool, environment.clock};
  Journal journal{make_direct_store(environment.database, environment.lease),
                  make_group_store(environment.database, environment.lease), router,
                  [this] { return look_upstream(); }, environment.clock};
};

Delivery::Delivery(DeliveryEnvironment environment)
    : parts_(std::make_unique<Parts>(std::move(environment))) {}

Delivery::~Delivery() = default;

cluster::BusListener& Delivery::bus_listener() {
  return parts_->cluster_events;
}

cluster::NodeListener& Delivery::node_listener() {
  return parts_->cluster_events;
}

void Delivery::start(const storage::Node& node, std::chrono::days retention) {
  Parts& parts = *parts_;
  session::Loops& loops = parts.environment.loops;
  parts.writeback.start(&parts.aftermath, node);
  parts.presence.start();
  parts.resync.start(node);
  parts.journal.start();
  parts.retention.start(retention);
  parts.recipients.start([&parts](UserId user) { parts.presence.refresh(user); });
  loops.run_every(0, Receipts::kInterval, [&parts] {
    if (!parts.receipts.due()) return;
    (void)parts.environment.blocking_workers.try_post([&parts] { parts.receipts.tick(); });
  });
  loops.run_every(0, TypingRelay::kGather, [&parts] {
    if (!parts.typing.due()) return;
    base::WorkerPool& workers = parts.environment.blocking_workers;
    if (!workers.try_post([&parts] { parts.typing.work(); })) parts.typing.given_up();
  });
  if (alone()) return;
  loops.run_every(0, TakeoverWaiter::kTick, [&parts] { parts.takeovers.tick(); });
  parts.bus_health.start(node);
  loops.run_every(0, BusHealth::kTick, [&parts] {
    parts.bus_health.tick();
    if (parts.bus_health.take_ended()) parts.environment.lease.note_ended();
  });
  parts.hint_relay.start(node, parts.cluster_events);
}

void Delivery::stop_background() {
  parts_->retention.stop();
  parts_->resync.stop();
  parts_->hint_relay.stop();
}

void Delivery::stop_journal() {
  parts_->journal.stop();
}

void Delivery::stop_writers() {
  parts_->writeback.stop();
  parts_->presence.stop();
}

bool Delivery::append(DirectEntry&& entry) {
  if (!entry.refusal) parts_->typing.overtake(entry.message.sender, entry.message.recipient, {});
  return parts_->journal.append(std::move(entry));
}

bool Delivery::append(GroupEntry&& entry) {
  if (!entry.refusal) parts_->typing.overtake(entry.message.sender, {}, entry.message.group);
  return parts_->journal.append(std::move(entry));
}

void Delivery::group_events(std::span<const storage::GroupMessage> events,
                            std::string_view sender_name) {
  parts_->router.group_events(events, sender_name);
}

void Delivery::direct_event(const storage::DirectMessage& event, std::string_view sender_name) {
  parts_->router.direct_event(event, sender_name);
}

void Delivery::streams_changed(UserId user) {
  parts_->router.streams_changed(user);
}

void Delivery::positions_found(const std::vector<storage::CursorMove>& moves) {
  parts_->writeback.add(moves);
}

void Delivery::member_left(GroupId group) {
  parts_->receipts.member_left(group);
}

bool Delivery::take_typing_turn(const Typing& typing) {
  return parts_->typing.take_turn(typing);
}

void Delivery::typing(TypingRequest&& request) {
  parts_->typing.add(std::move(request));
}

void Delivery::event_to_user(UserId user, std::string json, UserId about) {
  parts_->router.event_to_user(user, std::move(json), about);
}

void Delivery::event_to_group(GroupId group, std::string json, UserId about) {
  parts_->router.event_to_group(group, std::move(json), about);
}

void Delivery::presence_changed(UserId user) {
  parts_->presence.changed(user);
}

void Delivery::presence_changed(std::span<const storage::Watch> watches) {
  parts_->presence.changed(watches);
}

bool Delivery::contacts_changed(UserId one, UserId other) {
  const std::array users{one, other};
  return parts_->journal.contacts_changed(std::span(users).first(other ? 2 : 1));
}

void Delivery::account_deleted(UserId user) {
  parts_->router.account_deleted(user);
}

void Delivery::sessions_ended(UserId user, SessionEpoch newer, const session::Ending& ending) {
  parts_->router.sessions_ended(user, newer, ending);
  parts_->presence.changed(user);
}

void Delivery::announce(std::string json) {
  parts_->router.announce(std::move(json));
}

bool Delivery::alone() const {
  return parts_->environment.bus.alone();
}

void Delivery::take_over(UserId user, SessionEpoch epoch, base::Task then) {
  parts_->router.take_over(user, epoch, std::move(then));
}

void Delivery::tell_gone(UserId user, SessionEpoch epoch) {
  parts_->router.tell_gone(user, epoch);
}

void Delivery::release(UserId user, SessionEpoch epoch, std::function<void(bool newest)> then) {
  parts_->writeback.release(user, epoch, std::move(then));
}

Recipients& Delivery::recipients() {
  return parts_->recipients;
}

Backlog& Delivery::backlog() {
  return parts_->backlog;
}

UserNameCache& Delivery::user_names() {
  return parts_->user_names;
}

}  // namespace chat::delivery

#include "delivery/push/router.h"

#include <random>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/delivery/push_json.h"
#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/encode.h"
#include "chat/session/session.h"
#include "delivery/push/loop_delivery.h"
#include "delivery/push/window.h"

namespace chat::delivery {
namespace {

constinit log::Limiter malformed_messages{log::kUsualLines};
using SessionPtr = std::shared_ptr<session::Session>;
namespace messages = protocol::messages;

// The size of an ack without its cid.
constexpr std::size_t kAckBytes = 112;

// `reply` has the target set.
template <typename Reply, typename Message>
std::string settled_reply(Reply reply, const Entry<Message>& entry) {
  const std::string_view cid = entry.cid_given ? std::string_view(entry.message.cid) : "";
  if (entry.refusal) return protocol::error_reply(Reply::kMsgid, *entry.refusal, cid);
  reply.seq = entry.message.seq;
  reply.ts = entry.message.sent_at;
  std::string json;
  json.reserve(cid.size() + kAckBytes);
  protocol::append_reply(json, reply, cid);
  return json;
}

template <typename Message>
Push push_of(const Entry<Message>& entry, StreamKey stream) {
  return {stream,
          entry.message.seq,
          entry.message.sender,
          entry.message.sent_at,
          std::make_shared<const std::string>(
              entry.repeated ? std::string() : push_json(entry.message, entry.sender_name)),
          entry.sender_acknowledges};
}

template <typename Message>
Push push_of_event(const Message& event, StreamKey stream, std::string_view sender_name) {
  return {.stream = stream,
          .seq = event.seq,
          .sender = event.sender,
          .sent_at = event.sent_at,
          .json = std::make_shared<const std::string>(push_json(event, sender_name)),
          .receipt_wanted = false,
          .is_event = true};
}

}  // namespace

// One loop's share of a batch.
struct Router::LoopBatch {
  struct Reply {
    SessionPtr session;
    std::string json;
    // Of a stored direct message; otherwise 0.
    UserId sender{};
    UserId recipient{};
    UnixMillis sent_at = 0;
  };
  struct Direct {
    SessionPtr session;
    UserId recipient;
    Push push;
  };
  struct Event {
    SessionPtr session;
    UserId user;
    EventEnvelope event;
  };
  std::vector<Reply> replies;
  std::vector<Direct> directs;
  std::vector<Push> groups;
  std::vector<Event> events;

  bool empty() const {
    return replies.empty() && directs.empty() && groups.empty() && events.empty();
  }

  void deliver(LoopDelivery& delivery) const {
    for (const Reply& reply : replies) {
      reply.session->socket().send(reply.json);
      if (reply.sender) note_own(reply);
    }
    for (const Direct& direct : directs) {
      if (Window* window = Window::of(*direct.session, direct.recipient))
        window->offer(direct.push);
    }
    for (const Push& push : groups) delivery.offer_to_group(push.stream.group(), push);
    for (const Event& event : events) offer_event(event);
  }

  static void note_own(const Reply& reply) {
    Window* window = Window::of(*reply.session, reply.sender);
    if (window != nullptr) window->note_own(StreamKey::from(reply.recipient), reply.sent_at);
  }

  static void offer_event(const Event& item) {
    Window* window = Window::of(*item.session, item.user);
    if (window == nullptr) return;
    if (item.event.receipt) {
      window->offer_receipt(*item.event.receipt, item.event.json);
    } else {
      window->offer_event(item.event.json);
    }
  }
};

// Groups a batch by destination, then dispatches it.
class Router::Outgoing {
 public:
  explicit Outgoing(Router& router, Reach reach = Reach::kCluster)
      : router_(router), loops_(router.loops_.size()), publish_(router.publishes(reach)) {}

  void reply(const SessionPtr& session, std::string json) {
    loops_[session->loop_index()].replies.push_back({session, std::move(json)});
  }
  void reply(const SessionPtr& session, std::string json, const storage::DirectMessage& stored) {
    loops_[session->loop_index()].replies.push_back(
        {session, std::move(json), stored.sender, stored.recipient, stored.sent_at});
  }
  // To the recipient's session on this node, otherwise to the bus. To both while a session here is
  // still claiming the user or is closing, because another node may have the user then.
  void direct(UserId recipient, Push push) {
    auto [session, sure] = router_.registry_.look_up(recipient);
    if (publish_ && !sure) published_.push_back({cluster::channel_of(recipient), encode(push)});
    if (session == nullptr) return;
    const std::size_t loop = session->loop_index();
    loops_[loop].directs.push_back({std::move(session), recipient, std::move(push)});
  }
  void group(const Push& push) {
    for (LoopBatch& loop : loops_) loop.groups.push_back(push);
    if (publish_) published_.push_back({cluster::channel_of(push.stream.group()), encode(push)});
  }
  // Likewise. Other nodes are sent no state, because it may change before they receive it.
  void presence(const storage::Watch& watch, bool online) {
    event(watch.watcher, PresenceEnvelope{watch.watched}, [&] {
      return EventEnvelope{
          {}, std::make_shared<const std::string>(presence_json(watch.watched, online)), {}};
    });
  }
  void receipt(UserId user, const Receipt& receipt) {
    event(user, EventEnvelope{{}, {}, receipt}, [&] {
      return EventEnvelope{{}, std::make_shared<const std::string>(receipt_json(receipt)), receipt};
    });
  }
  void send() {
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      LoopBatch& batch = loops_[i];
      if (batch.empty()) continue;
      router_.loops_.post(i, [&delivery = router_.recipients_.at(i), batch = std::move(batch)] {
        batch.deliver(delivery);
      });
    }
    if (!published_.empty()) router_.bus_.publish(std::move(published_));
  }

 private:
  // To the other nodes as `envelope`, here as the event, which is built only if a session may need
  // it.
  template <typename AnyEnvelope, typename MakeEvent>
  void event(UserId user, const AnyEnvelope& envelope, MakeEvent make_event) {
    auto [session, sure] = router_.registry_.look_up(user);
    if (publish_ && !sure) published_.push_back({cluster::channel_of(user), encode(envelope)});
    if (session == nullptr) return;
    const std::size_t loop = session->loop_index();
    loops_[loop].events.push_back({std::move(session), user, make_event()});
  }

  Router& router_;
  std::vector<LoopBatch> loops_;
  const bool publish_;
  std::vector<cluster::BusMessage> published_;
};

std::int64_t Router::first_mark() {
  std::random_device random;
  return 1 + (std::int64_t{random()} << 30 | std::int64_t{random() >> 2});
}

// The lane has found senders whose session is older than their row: a takeover, or the act of an
// operator, that the bus has not reported, or not yet.
template <typename EntryType>
void Router::suspect_senders(const std::vector<EntryType>& entries) {
  for (const EntryType& entry : entries) {
    if (entry.newer_epoch != 0) suspect_(entry.message.sender);
  }
}

// A message that was stored earlier under the same cid may not have been pushed then (if the answer
// to its commit was lost). Windows that have not pushed it read it from the table: it may have been
// recalled or edited since.
void Router::on_direct_settled(std::vector<DirectEntry> entries) {
  Outgoing out(*this);
  for (const DirectEntry& entry : entries) {
    auto reply = settled_reply(messages::OneChatReply{.toid = entry.message.recipient}, entry);
    if (entry.refusal) {
      out.reply(entry.session, std::move(reply));
      continue;
    }
    out.reply(entry.session, std::move(reply), entry.message);
    out.direct(entry.message.recipient, push_of(entry, StreamKey::from(entry.message.sender)));
  }
  out.send();
  suspect_senders(entries);
  for (const DirectEntry& entry : entries) entry.session->commit_ended();
}

void Router::on_group_settled(std::vector<GroupEntry> entries) {
  Outgoing out(*this);
  for (const GroupEntry& entry : entries) {
    out.reply(entry.session,
              settled_reply(messages::GroupChatReply{.groupid = entry.message.group}, entry));
    if (entry.refusal) continue;
    out.group(push_of(entry, StreamKey::of(entry.message.group)));
  }
  out.send();
  suspect_senders(entries);
  for (const GroupEntry& entry : entries) entry.session->commit_ended();
}

void Router::group_events(std::span<const storage::GroupMessage> events,
                          std::string_view sender_name) {
  Outgoing out(*this);
  for (const storage::GroupMessage& event : events) {
    Push push = push_of_event(event, StreamKey::of(event.group), sender_name);
    push.ended = event.ended;
    out.group(push);
  }
  out.send();
}

void Router::direct_event(const storage::DirectMessage& event, std::string_view sender_name) {
  Outgoing out(*this);
  out.direct(event.recipient, push_of_event(event, StreamKey::from(event.sender), sender_name));
  out.send();
}

void Router::streams_changed(UserId user) {
  takeovers_.review(user);
  if (!bus_.alone()) bus_.publish({{cluster::channel_of(user), encode(StreamsEnvelope{user})}});
}

void Router::on_bus_message(const cluster::BusMessage& message) {
  auto envelope = decode(message.payload);
  const UserId user{message.channel.id};  // if it is a user's channel
  if (!envelope) {
    log::limited(log::Level::kWarn, malformed_messages, "event=bus_message_malformed channel={}",
                 message.channel.id);
  } else if (const auto* presence = std::get_if<PresenceEnvelope>(&*envelope)) {
    if (told_ != nullptr) told_->on_presence_told({user, presence->user});
  } else if (const auto* event = std::get_if<EventEnvelope>(&*envelope)) {
    take_event(message.channel, *event);
  } else if (const auto* takeover = std::get_if<TakeoverEnvelope>(&*envelope)) {
    handle(user, *takeover);
  } else if (std::get_if<KickedEnvelope>(&*envelope) != nullptr) {
    suspect_(user);
  } else if (const auto* deleted = std::get_if<DeletedEnvelope>(&*envelope)) {
    deleted_elsewhere(deleted->user);
  } else if (const auto* streams = std::get_if<StreamsEnvelope>(&*envelope)) {
    takeovers_.review(streams->user);
  } else if (const auto* beat = std::get_if<BeatEnvelope>(&*envelope)) {
    health_.heard(*beat);
  } else if (const auto* ended = std::get_if<EndedEnvelope>(&*envelope)) {
    health_.note_ended(*ended);
  } else if (const auto* typist = std::get_if<TypingEnvelope>(&*envelope)) {
    const bool to_group = message.channel.kind == cluster::Channel::Kind::kGroup;
    typing({typist->from, to_group ? UserId{} : user,
            to_group ? GroupId{message.channel.id} : GroupId{}, typist->on},
           Reach::kThisNode);
  } else {
    deliver(message, std::get<Push>(*envelope));
  }
}

void Router::take_event(const cluster::Channel& channel, const EventEnvelope& event) {
  const bool to_group = channel.kind == cluster::Channel::Kind::kGroup;
  if (channel == cluster::kChannelOfAll) {
    event_elsewhere({Hint::Kind::kAnnouncement, 0, 0, *event.json, event.mark});
  } else if (!event.receipt) {
    const auto kind = to_group ? Hint::Kind::kGroupEvent : Hint::Kind::kUserEvent;
    event_elsewhere({kind, channel.id, event.about.value, *event.json, event.mark});
  } else if (to_group) {
    local_event_to_group(GroupId{channel.id}, event);
  } else {
    local_event_to_user(UserId{channel.id}, event);
  }
}

void Router::event_elsewhere(const Hint& hint) {
  if (!hints_.take(hint)) return;
  if (hint.kind == Hint::Kind::kAnnouncement) {
    announce_here(hint.push);
  } else if (told_ != nullptr) {
    told_->on_event_told(hint);
  }
}

void Router::event_here(const Hint& hint) {
  const EventEnvelope event{UserId{hint.other}, std::make_shared<const std::string>(hint.push), {}};
  if (hint.kind == Hint::Kind::kGroupEvent) {
    local_event_to_group(GroupId{hint.id}, event);
  } else {
    local_event_to_user(UserId{hint.id}, event);
  }
}

void Router::deliver(const cluster::BusMessage& message, const Push& push) {
  if (push.stream.is_group()) {
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      loops_.post(i, [&delivery = recipients_.at(i), push] {
        delivery.offer_to_group(push.stream.group(), push);
      });
    }
  } else if (SessionPtr session = registry_.find(UserId{message.channel.id})) {
    const UserId recipient{message.channel.id};
    session->post_to_loop([session, recipient, push] {
      if (Window* window = Window::of(*session, recipient)) window->offer(push);
    });
  }
}

void Router::take_over(UserId user, SessionEpoch epoch, base::Task then) {
  // Published even while the bus is down: it may still work in one direction.
  takeovers_.wait(user, epoch, std::move(then));
  bus_.publish({{cluster::channel_of(user), encode(TakeoverEnvelope{epoch, false})}});
}

void Router::tell_gone(UserId user, SessionEpoch epoch) {
  if (bus_.alone()) return;
  bus_.publish({{cluster::channel_of(user), encode(TakeoverEnvelope{epoch, true})}});
}

void Router::deleted_elsewhere(UserId user) {
  user_names_.forget(user);
  if (told_ != nullptr) told_->on_event_told({Hint::Kind::kAccountDeleted, user.value, 0});
}

void Router::evict_deleted(UserId user) {
  // A session left over from an older claim.
  if (SessionPtr session = registry_.find(user)) session->evict("account_deleted");
}

void Router::account_deleted(UserId user) {
  user_names_.forget(user);
  if (bus_.alone()) return;
  bus_.publish({{cluster::kChannelOfAll, encode(DeletedEnvelope{user})}});
  hints_.note({Hint::Kind::kAccountDeleted, user.value, 0});
}

// A node that misses the message compares all its sessions soon (Resync).
void Router::sessions_ended(UserId user, SessionEpoch newer, const session::Ending& ending) {
  registry_.evict_older(user, newer, ending);
  if (!bus_.alone()) bus_.publish({{cluster::channel_of(user), encode(KickedEnvelope{})}});
}

void Router::announce(std::string json) {
  announce_here(json);
  if (bus_.alone()) return;
  const std::int64_t mark = next_mark();
  hints_.note({Hint::Kind::kAnnouncement, 0, 0, json, mark});
  const EventEnvelope event{{}, std::make_shared<const std::string>(std::move(json)), {}, mark};
  bus_.publish({{cluster::kChannelOfAll, encode(event)}});
}

void Router::announce_here(const std::string& json) {
  const EventEnvelope event{{}, std::make_shared<const std::string>(json), {}};
  std::vector<LoopBatch> batches(loops_.size());
  for (auto& holder : registry_.all()) {
    const std::size_t loop = holder.session->loop_index();
    batches[loop].events.push_back({std::move(holder.session), holder.user, event});
  }
  for (std::size_t i = 0; i < batches.size(); ++i) {
    loops_.post(i, [batch = std::move(batches[i])] {
      for (const LoopBatch::Event& item : batch.events) LoopBatch::offer_event(item);
    });
  }
}

void Router::node_ended(const storage::Node& node) {
  health_.life_ended(node);
  bus_.publish({{cluster::kChannelOfAll, encode(EndedEnvelope{node.id, node.epoch})}});
}

// Only nodes with a session of the user subscribe to the channel. If there is none to evict, the
// session is already closing and will report its end.
void Router::handle(UserId user, const TakeoverEnvelope& takeover) {
  if (takeover.gone) {
    takeovers_.gone(user, takeover.epoch);
  } else {
    registry_.evict_older(user, takeover.epoch);
  }
}

void Router::presence(std::span<const storage::Watch> watches,
                      const std::unordered_map<UserId, bool>& online, Reach reach) {
  Outgoing out(*this, reach);
  for (const storage::Watch& watch : watches) {
    const auto state = online.find(watch.watched);
    if (state == online.end()) continue;
    out.presence(watch, state->second);
  }
  out.send();
}

void Router::event_to_user(UserId user, std::string json, UserId about) {
  const std::int64_t mark = next_mark();
  if (!bus_.alone()) hints_.note({Hint::Kind::kUserEvent, user.value, about.value, json, mark});
  to_user(user, {about, std::make_shared<const std::string>(std::move(json)), {}, mark},
          Reach::kCluster);
}

void Router::event_to_group(GroupId group, std::string json, UserId about) {
  const std::int64_t mark = next_mark();
  if (!bus_.alone()) hints_.note({Hint::Kind::kGroupEvent, group.value, about.value, json, mark});
  to_group(group, {about, std::make_shared<const std::string>(std::move(json)), {}, mark},
           Reach::kCluster);
}

void Router::receipts_to_users(std::span<const DirectReceipt> receipts, Reach reach) {
  Outgoing out(*this, reach);
  for (const DirectReceipt& item : receipts) {
    out.receipt(item.sender, {StreamKey::from(item.recipient), item.kind, item.seq});
  }
  out.send();
}

void Router::receipt_to_group(GroupId group, UserId except, ReceiptKind kind, Seq seq,
                              Reach reach) {
  const Receipt receipt{StreamKey::of(group), kind, seq};
  auto json = std::make_shared<const std::string>(receipt_json(receipt));
  to_group(group, {except, std::move(json), receipt}, reach);
}

void Router::receipt_to_writer(UserId user, GroupId group, ReceiptKind kind, Seq seq, Reach reach) {
  const Receipt receipt{StreamKey::of(group), kind, seq};
  auto json = std::make_shared<const std::string>(receipt_json(receipt));
  to_user(user, {{}, std::move(json), receipt}, reach);
}

void Router::to_user(UserId user, EventEnvelope event, Reach reach) {
  if (publishes(reach)) bus_.publish({{cluster::channel_of(user), encode(event)}});
  local_event_to_user(user, std::move(event));
}

void Router::to_group(GroupId group, const EventEnvelope& event, Reach reach) {
  if (publishes(reach)) bus_.publish({{cluster::channel_of(group), encode(event)}});
  local_event_to_group(group, event);
}

void Router::local_event_to_user(UserId user, EventEnvelope event) {
  SessionPtr session = registry_.find(user);
  if (session == nullptr) return;
  session->post_to_loop(
      [item = LoopBatch::Event{session, user, std::move(event)}] { LoopBatch::offer_event(item); });
}

void Router::local_event_to_group(GroupId group, const EventEnvelope& event) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_.post(i, [&delivery = recipients_.at(i), group, event] {
      if (event.receipt) {
        delivery.offer_receipt_to_group(*event.receipt, event.json, event.about);
      } else {
        delivery.offer_event_to_group(group, event.json, event.about);
      }
    });
  }
}

}  // namespace chat::delivery

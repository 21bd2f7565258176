// A node cannot tell from its own connections to Redis whether the others receive its messages. Its
// link may fail alone, or in one direction only; a PUBLISH may succeed on a Redis server that no
// other node uses; a connection may stall without an error. So three signs are combined:
//
// - The node's own bus: no messages arrive, some could not be published, or some were missed.
// - Beats. Every node publishes a numbered beat each kBeatInterval. If a node's row in the table
//   changes, but its beats stay away for kUnheardAfter or skip a number, its messages do not reach
//   this node.
// - The other nodes' rows. A node that sees one of the first two signs sets the mute flag in its
//   row. Every other node reads that within a second.
//
// So if the bus is impaired between any two nodes, all nodes know within about four seconds. A sign
// counts for kHold, so that all nodes also notice a short fault. The third sign does not make a
// node set its own mute flag, so the flags clear once the causes are gone.
#include "delivery/events/bus_health.h"

#include "chat/base/log.h"
#include "chat/base/sabotage.h"

namespace chat::delivery {

void BusHealth::tick() {
  const auto now = clock_.now();
  beat(now);
  std::string reason;
  {
    base::MutexLock lock(mutex_);
    reason = trouble_locked(now);
    if (!reason.empty()) mute_until_ = now + kHold;
    if (reason.empty() && mute_peer_)
      reason = "node " + std::to_string(mute_peer_.value) + " is mute";
  }
  const bool mute = now < mute_until_;
  say(mute || !reason.empty(), reason);
  say_mute_(mute && !base::sabotaged(base::Sabotage::kTrustOwnLink));
}

void BusHealth::beat(base::SteadyTime now) {
  if (now - beat_at_ < kBeatInterval) return;
  beat_at_ = now;
  bus_.publish({{cluster::kChannelOfAll, encode(BeatEnvelope{node_.id, node_.epoch, ++beats_})}});
}

// Why the bus is impaired for this node; empty if it is not.
std::string BusHealth::trouble_locked(base::SteadyTime now) {
  const std::uint64_t losses = bus_.losses();
  const bool lost = std::exchange(losses_, losses) != losses;
  const bool gap = std::exchange(gap_, false);
  if (!bus_.up()) return "no messages arrive";
  if (base::sabotaged(base::Sabotage::kTrustOwnLink)) return {};
  if (lost) return "a message could not be published";
  if (gap) return "messages were missed";
  for (const auto& [id, peer] : peers_) {
    if (peer.living && now - peer.since > kUnheardAfter) {
      return "node " + std::to_string(id.value) + " sends no beats";
    }
  }
  return {};
}

void BusHealth::say(bool impaired, const std::string& reason) {
  if (impaired_.exchange(impaired, std::memory_order_acq_rel) == impaired) return;
  if (impaired) {
    log::warn("event=bus_impaired reason={}", log::quoted(reason));
  } else {
    log::info("event=bus_healthy");
  }
}

// A life of a node begins only after the earlier ones were ended in the table. So a beat of a later
// life of this node proves that ours is over; and a node that receives beats of a life that it
// knows to be over tells that node. Both are repeated with every beat, so the loss of one does not
// matter.
void BusHealth::heard(const BeatEnvelope& beat) {
  if (beat.node == node_.id && beat.epoch > node_.epoch) ended_ = true;
  if (beat.node == node_.id ? beat.epoch >= node_.epoch : note_beat(beat)) return;
  bus_.publish({{cluster::kChannelOfAll, encode(EndedEnvelope{beat.node, beat.epoch})}});
}

// False if the beat is of a life that is over.
bool BusHealth::note_beat(const BeatEnvelope& beat) {
  base::MutexLock lock(mutex_);
  Peer& peer = peers_[beat.node];
  if (beat.epoch < peer.epoch) return false;
  if (beat.epoch > peer.epoch) peer = {beat.epoch, 0, {}, peer.living};
  if (beat.number <= peer.number) return true;
  if (peer.number != 0 && beat.number > peer.number + 1) gap_ = true;
  peer.number = beat.number;
  peer.since = clock_.now();
  return true;
}

void BusHealth::life_ended(const storage::Node& life) {
  base::MutexLock lock(mutex_);
  Peer& peer = peers_[life.id];
  if (peer.epoch <= life.epoch) peer = {life.epoch + 1, 0, {}, false, true};
}

void BusHealth::note_ended(const EndedEnvelope& ended) {
  if (ended.node == node_.id && ended.epoch >= node_.epoch) ended_ = true;
}

void BusHealth::nodes_seen(const std::vector<storage::NodeRow>& living) {
  rows_read_at_.store(std::chrono::steady_clock::now(), std::memory_order_release);
  base::MutexLock lock(mutex_);
  const auto now = clock_.now();
  for (auto& [id, peer] : peers_) peer.living = false;
  mute_peer_ = {};
  for (const storage::NodeRow& row : living) {
    Peer& peer = peers_[row.node.id];
    if (row.node.epoch > peer.epoch) peer = {row.node.epoch, 0, now, true};
    if (peer.since == base::SteadyTime{}) peer.since = now;
    peer.living = true;
    if (row.mute) mute_peer_ = row.node.id;
  }
  std::erase_if(peers_, [now](const auto& entry) {
    const Peer& peer = entry.second;
    return !peer.living && !peer.ended_by_us && now - peer.since > kHold;
  });
}

std::vector<storage::Node> BusHealth::living() {
  std::vector<storage::Node> nodes;
  base::MutexLock lock(mutex_);
  for (const auto& [id, peer] : peers_) {
    if (peer.living) nodes.push_back({id, peer.epoch});
  }
  return nodes;
}

void BusHealth::note_gap() {
  base::MutexLock lock(mutex_);
  gap_ = true;
}

}  // namespace chat::delivery

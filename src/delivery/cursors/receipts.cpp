#include "delivery/cursors/receipts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/storage/block_model.h"
#include "chat/storage/contact_model.h"

namespace chat::delivery {
namespace {

constinit log::Limiter receipt_failures{log::kUsualLines};

// Removes the receipts to senders whom the recipient has blocked.
Result<void> drop_blocked(storage::Connection& connection, std::vector<DirectReceipt>& receipts) {
  std::vector<UserId> recipients;
  for (const DirectReceipt& item : receipts) recipients.push_back(item.recipient);
  const auto restricted = storage::ContactModel(connection).restricted(recipients);
  if (!restricted) return fail(restricted);
  std::vector<storage::Block> asked;
  for (const DirectReceipt& item : receipts) {
    if (std::binary_search(restricted->begin(), restricted->end(), item.recipient)) {
      asked.push_back({item.recipient, item.sender});
    }
  }
  const auto blocks = storage::BlockModel(connection).among(asked);
  if (!blocks) return fail(blocks);
  std::erase_if(receipts, [&blocks](const DirectReceipt& item) {
    return std::binary_search(blocks->begin(), blocks->end(),
                              storage::Block{item.recipient, item.sender});
  });
  return {};
}

}  // namespace

void Receipts::cursors_written(std::span<const storage::CursorMove> moves) {
  std::vector<DirectReceipt> receipts;
  for (const storage::CursorMove& move : moves) {
    if (move.group || !move.receipt_wanted) continue;
    hints_.note({Hint::Kind::kDirectCursor, move.recipient.value, move.sender.value});
    if (move.delivered > 0) {
      receipts.push_back({move.sender, move.recipient, ReceiptKind::kDelivered, move.delivered});
    }
    if (move.read > 0) {
      receipts.push_back({move.sender, move.recipient, ReceiptKind::kRead, move.read});
    }
  }
  if (auto sent = send_direct(std::move(receipts)); !sent) {
    log::limited(log::Level::kWarn, receipt_failures, "event=receipts_failed what={}",
                 log::quoted(sent.error().message));
  }
  base::MutexLock lock(mutex_);
  for (const storage::CursorMove& move : moves) {
    if (move.group && move.receipt_wanted && moved_.size() < kGroupsMax) moved_.insert(move.group);
  }
}

Result<void> Receipts::send_direct(std::vector<DirectReceipt> receipts) {
  if (receipts.empty()) return {};
  {
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    if (auto dropped = drop_blocked(**lease, receipts); !dropped) return dropped;
  }
  router_.receipts_to_users(receipts, Reach::kCluster);
  return {};
}

Result<void> Receipts::repeat(std::span<const storage::DirectStream> streams,
                              std::span<const GroupId> groups) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  storage::MessageModel messages(**lease);
  std::vector<DirectReceipt> receipts;
  for (const storage::DirectStream& stream : streams) {
    if (!router_.is_here(stream.sender)) continue;
    const auto cursor = messages.cursor(stream);
    if (!cursor) return fail(cursor);
    const auto add = [&](ReceiptKind kind, Seq seq) {
      if (seq > 0) receipts.push_back({stream.sender, stream.recipient, kind, seq});
    };
    add(ReceiptKind::kDelivered, cursor->delivered);
    add(ReceiptKind::kRead, cursor->read);
  }
  if (auto dropped = drop_blocked(**lease, receipts); !dropped) return dropped;
  router_.receipts_to_users(receipts, Reach::kThisNode);
  for (const GroupId group : groups) {
    const auto delivered = messages.slowest_delivered(group);
    if (!delivered) return fail(delivered);
    const auto read = messages.slowest_read(group);
    if (!read) return fail(read);
    tell(group, ReceiptKind::kDelivered, {}, *delivered, Reach::kThisNode);
    tell(group, ReceiptKind::kRead, {}, *read, Reach::kThisNode);
  }
  return {};
}

void Receipts::member_left(GroupId group) {
  base::MutexLock lock(mutex_);
  if (moved_.size() < kGroupsMax) moved_.insert(group);
}

bool Receipts::due() const {
  base::MutexLock lock(mutex_);
  return !moved_.empty();
}

void Receipts::tick() {
  base::MutexLock telling(telling_);
  std::unordered_set<GroupId> groups;
  {
    base::MutexLock lock(mutex_);
    groups.swap(moved_);
  }
  if (groups.empty()) return;
  if (told_.size() > kGroupsMax) told_.clear();
  auto lease = pool_.lease();
  if (!lease) return;  // the hint is lost; the next one is cumulative
  for (const GroupId group : groups) {
    if (auto told = tell_group(**lease, group); !told) {
      log::limited(log::Level::kWarn, receipt_failures, "event=receipts_failed group={} what={}",
                   group.value, log::quoted(told.error().message));
      return;
    }
  }
}

Result<void> Receipts::tell_group(storage::Connection& connection, GroupId group) {
  storage::MessageModel messages(connection);
  const auto delivered = messages.slowest_delivered(group);
  if (!delivered) return fail(delivered);
  const auto read = messages.slowest_read(group);
  if (!read) return fail(read);
  Told& told = told_[group];
  tell(group, ReceiptKind::kDelivered, told.delivered, *delivered, Reach::kCluster);
  tell(group, ReceiptKind::kRead, told.read, *read, Reach::kCluster);
  hints_.note({Hint::Kind::kGroupCursors, group.value, 0});
  told = {*delivered, *read};
  return {};
}

// Seen by any other member, the group has reached the slowest member's position; seen by the
// slowest member, the position of the second slowest.
void Receipts::tell(GroupId group, ReceiptKind kind, const Slowest& before, const Slowest& now,
                    Reach reach) {
  if (now.seq > before.seq) router_.receipt_to_group(group, now.user, kind, now.seq, reach);
  const bool news = now.user != before.user || now.next_seq > before.next_seq;
  if (!news || now.next_seq == 0) return;
  router_.receipt_to_writer(now.user, group, kind, now.next_seq, reach);
}

}  // namespace chat::delivery

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "chat/delivery/batch.h"
#include "chat/delivery/journal.h"

namespace chat::delivery {
namespace {

using storage::GroupMessage;

protocol::Refusal not_found() {
  return {protocol::Errno::kNotFound, "there is no such group, or you are not in it", std::nullopt};
}

protocol::Refusal conflict() {
  return {protocol::Errno::kConflict, "this cid was used for another message", std::nullopt};
}

// The message of this batch that carries the same cid, if there is one.
const GroupMessage* same_cid(const std::vector<GroupEntry*>& earlier, const GroupMessage& message) {
  for (const GroupEntry* entry : earlier) {
    if (!entry->refusal && entry->message.sender == message.sender &&
        entry->message.cid == message.cid) {
      return &entry->message;
    }
  }
  return nullptr;
}

}  // namespace

void GroupCommitter::commit(std::vector<GroupEntry>& entries) {
  settle_all(entries, [this](std::span<GroupEntry*> part) {
    return try_once({part.begin(), part.end()});
  });
}

Result<void> GroupCommitter::try_once(const Entries& entries) {
  if (auto begun = store_.begin(); !begun) return begun;
  auto stored = store_all(entries);
  if (stored) stored = store_.commit();
  if (!stored) store_.rollback();
  return stored;
}

Result<void> GroupCommitter::store_all(const Entries& entries) {
  // Ascending by group, so that two nodes never wait for each other's locks.
  std::map<GroupId, Entries> by_group;
  for (GroupEntry* entry : entries) {
    entry->refusal.reset();
    by_group[entry->message.group].push_back(entry);
  }
  for (const auto& [group, group_entries] : by_group) {
    if (auto stored = store_group(group, group_entries); !stored) return stored;
  }
  return {};
}

Result<void> GroupCommitter::store_group(GroupId group, const Entries& entries) {
  auto head = store_.lock(group);
  if (!head) return fail(head);
  if (!*head) {
    for (GroupEntry* entry : entries) entry->refusal = not_found();
    return {};
  }
  std::vector<GroupMessage> rows;
  Entries earlier;
  for (GroupEntry* entry : entries) {
    auto is_new = decide(*entry, earlier, **head);
    if (!is_new) return fail(is_new);
    if (*is_new) rows.push_back(entry->message);
    earlier.push_back(entry);
  }
  if (rows.empty()) return {};
  if (auto inserted = store_.insert(rows); !inserted) return inserted;
  return store_.set_head(group, (*head)->seq);
}

// True: a new message; its seq and time are set and the head is moved.
Result<bool> GroupCommitter::decide(GroupEntry& entry, const Entries& earlier,
                                    GroupStore::Head& head) {
  GroupMessage& message = entry.message;
  auto member = store_.is_member(message.group, message.sender);
  if (!member) return fail(member);
  if (!*member) {
    entry.refusal = not_found();
    return false;
  }
  std::optional<GroupMessage> stored;
  if (const GroupMessage* twin = same_cid(earlier, message)) {
    stored = *twin;
  } else {
    auto found = store_.find(message.group, message.sender, message.cid);
    if (!found) return fail(found);
    stored = std::move(*found);
  }
  if (!stored) {
    head.sent_at = std::max(head.sent_at, clock_.unix_millis());
    message.seq = ++head.seq;
    message.sent_at = head.sent_at;
    return true;
  }
  if (stored->body != message.body) entry.refusal = conflict();
  message.seq = stored->seq;
  message.sent_at = stored->sent_at;
  return false;
}

}  // namespace chat::delivery

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "chat/delivery/refusals.h"
#include "delivery/journal/batch.h"
#include "delivery/journal/doubt.h"
#include "delivery/journal/journal.h"

namespace chat::delivery {
namespace {

protocol::Refusal direct_conflict() {
  return {protocol::Errno::kConflict, "this cid was used for another message", std::nullopt};
}

const Error kNoAnswer{ErrorCode::kOutcomeUnknown, "the answer to an earlier attempt was lost"};

storage::DirectStream stream_of(const DirectEntry& entry) {
  return {entry.message.recipient, entry.message.sender};
}

protocol::Refusal why_not(const DirectEntry& entry) {
  return entry.only_repeats ? no_recipient() : not_accepted(entry.right);
}

bool is_reply(const DirectEntry& entry) {
  return entry.marks != nullptr && entry.marks->reply.seq != 0;
}

}  // namespace

std::uint64_t DirectCommitter::key_of(const DirectEntry& entry) {
  return static_cast<std::uint64_t>(entry.message.recipient.value) << 32 |
         static_cast<std::uint64_t>(entry.message.sender.value);
}

Result<void> DirectCommitter::commit(std::vector<DirectEntry>& entries) {
  const ContactNews::Changes changes = contact_news_.begin_batch();
  if (changes.all) users_.forget_all();
  for (const UserId user : changes.users) users_.forget(user);
  const auto attempt = [this](Entries part) { return try_once(part); };
  auto settled = Settlement<DirectEntry, decltype(&key_of), decltype(attempt)>(&key_of, attempt)
                     .settle_all(entries);
  wait_out_doubt(entries, doubtful_until_, clock_);
  // What was on its way may have been stored since its stream was read.
  for (const DirectEntry& entry : entries) {
    if (may_still_arrive(entry)) streams_.forget(stream_of(entry));
  }
  contact_news_.end_batch();
  return settled;
}

// Each batch gets a later time than the one before, so that a reply always sorts after the message
// that it answers when both directions of a conversation are merged by time. With more than one
// batch per millisecond the time runs slightly ahead of the clock.
UnixMillis DirectCommitter::next_time() {
  constexpr UnixMillis kAheadMax = 250;
  const UnixMillis now = clock_.unix_millis();
  return last_time_ = std::max(now, std::min(last_time_ + 1, now + kAheadMax));
}

Result<void> DirectCommitter::look_up(Entries entries) {
  std::vector<StreamCache::Wanted> wanted;
  wanted.reserve(entries.size());
  for (const DirectEntry* entry : entries) {
    wanted.push_back({&entry->message, entry->sender_epoch});
  }
  return streams_.look_up(wanted);
}

// After a change of the connection the database may have lost the newest revisions, and will use
// them again.
void DirectCommitter::use_connection(std::uint64_t number) {
  streams_.use_connection(number);
  if (std::exchange(connection_, number) == number) return;
  users_.forget_all();
  contact_rules_.forget_all();
}

// Finds the messages that are replied to.
Result<void> DirectCommitter::look_up_targets(Entries entries) {
  targets_.clear();
  for (const DirectEntry* entry : entries) {
    if (is_reply(*entry)) targets_.push_back(entry->marks->reply);
  }
  if (targets_.empty()) return {};
  auto found = store_.texts_among(targets_);
  if (!found) return fail(found);
  targets_ = std::move(*found);
  return {};
}

// The message may be one of those planned before in the same batch.
bool DirectCommitter::has_target(const DirectEntry& entry, const Rows& planned) const {
  if (!is_reply(entry)) return true;
  const storage::MessageName& target = entry.marks->reply;
  return std::find(targets_.begin(), targets_.end(), target) != targets_.end() ||
         std::any_of(planned.begin(), planned.end(), [&target](const auto* row) {
           return row->recipient == target.recipient && row->sender == target.sender &&
                  row->seq == target.seq;
         });
}

// If a planned message turns out to be of an older session, or one that its sender may not send,
// the whole plan is discarded: the messages after it in its stream would have too high a seq.
Result<void> DirectCommitter::try_once(Entries entries) {
  Rows rows;
  const UnixMillis now = next_time();
  for (DirectEntry* entry : entries) entry->lock_in_way = false;
  const auto connection = store_.connect();
  if (!connection) return fail(connection);
  use_connection(*connection);
  for (const DirectEntry* entry : entries) {
    const UserId sender = entry->message.sender;
    if (users_.is_lost(entry->sender_epoch, sender)) users_.doubt(sender);
  }
  if (auto looked = look_up_targets(entries); !looked) return looked;
  for (bool settled = false; !settled;) {
    rows.clear();
    if (auto planned = plan(entries, now, rows); !planned) {
      streams_.forget();
      return planned;
    }
    const auto held = holds(entries);
    settled = held.value_or(false);
    if (!settled) streams_.forget();
    if (!held) return fail(held);
  }
  // Sorted to avoid deadlocks between nodes and to write neighbours to the same page.
  std::sort(rows.begin(), rows.end(), storage::in_key_order);
  if (!rows.empty()) {
    const auto until = valid_until(rows);
    if (auto stored = store_.append(rows, until); !stored) {
      return not_stored(entries, rows, std::move(stored.error()), until);
    }
  }
  streams_.confirm();
  return {};
}

Result<void> DirectCommitter::not_stored(Entries entries, const Rows& rows, Error error,
                                         base::SteadyTime until) {
  switch (error.code) {
    case ErrorCode::kBusy:
      streams_.rewind();
      if (auto asked = mark_locked(entries, rows); !asked) return asked;
      break;
    case ErrorCode::kTimeout:
      streams_.rewind();
      forget_users(rows);
      break;
    case ErrorCode::kOutcomeUnknown:
      streams_.forget();
      if (store_.is_remote()) doubtful_until_ = until;
      break;
    default: streams_.forget();
  }
  return tl::make_unexpected(std::move(error));
}

// Marks the entries whose stream is locked where it grows, so that they need not be found by
// trying. A new stream has no such place, but its table may be locked.
Result<void> DirectCommitter::mark_locked(Entries entries, const Rows& rows) {
  std::vector<DirectStore::Head> heads;
  storage::DirectStream last;
  for (const auto* row : rows) {
    const storage::DirectStream stream{row->recipient, row->sender};
    if (std::exchange(last, stream) != stream) heads.push_back({stream, row->seq - 1});
  }
  const auto locked = store_.locked_heads(heads);
  if (!locked) return fail(locked);
  for (DirectEntry* entry : entries) {
    const auto stream = stream_of(*entry);
    entry->lock_in_way = std::find(locked->begin(), locked->end(), stream) != locked->end();
  }
  return {};
}

Result<void> DirectCommitter::plan(Entries entries, UnixMillis now, Rows& rows) {
  if (auto looked = look_up(entries); !looked) return looked;
  for (DirectEntry* entry : entries) {
    entry->refusal.reset();
    entry->repeated = false;
    entry->newer_epoch = users_.newer_than(entry->sender_epoch, entry->message.sender);
    if (entry->newer_epoch != 0) {
      entry->refusal = taken_over();
      continue;
    }
    if (users_.is_lost(entry->sender_epoch, entry->message.sender)) {
      entry->refusal = session_lost();
      continue;
    }
    entry->right = contact_rules_.right_of(stream_of(*entry), users_);
    const bool accepted = entry->right == storage::ChatRight::kYes && !entry->only_repeats;
    auto planned = streams_.plan(entry->message, entry->sender_epoch, now,
                                 accepted && has_target(*entry, rows));
    if (!planned) return fail(planned);
    if (*planned == StreamCache::Planned::kBarred) {
      entry->refusal = accepted ? no_reply_target() : why_not(*entry);
      // It may have been accepted before, and be on its way.
      if (entry->in_doubt) entry->refusal = refusal_of(kNoAnswer);
    }
    if (*planned == StreamCache::Planned::kConflict) entry->refusal = direct_conflict();
    entry->repeated = *planned == StreamCache::Planned::kRepeated;
    if (*planned == StreamCache::Planned::kNew) rows.push_back(&entry->message);
  }
  return {};
}

Result<void> DirectCommitter::look_up_users(Entries entries) {
  for (const UserId sender : streams_.take_read_senders()) users_.doubt(sender);
  std::vector<UserId> users;
  std::vector<storage::DirectStream> streams;
  users.reserve(2 * entries.size());
  streams.reserve(entries.size());
  for (const DirectEntry* entry : entries) {
    if (entry->newer_epoch != 0) continue;
    users.push_back(entry->message.sender);
    users.push_back(entry->message.recipient);
    streams.push_back(stream_of(*entry));
  }
  if (auto looked = users_.look_up(users); !looked) return looked;
  return contact_rules_.look_up(streams, users_);
}

// What is on its way to the database for longer may be of a sender who was meanwhile taken over or
// blocked.
base::SteadyTime DirectCommitter::valid_until(const Rows& rows) const {
  std::vector<UserId> users;
  users.reserve(2 * rows.size());
  for (const auto* row : rows) {
    users.push_back(row->sender);
    users.push_back(row->recipient);
  }
  return users_.valid_until(users);
}

void DirectCommitter::forget_users(const Rows& rows) {
  for (const auto* row : rows) {
    users_.forget(row->sender);
    users_.forget(row->recipient);
  }
}

// True if the plan agrees with the users' rows. Call after the streams were read: a message that a
// newer session writes in between would otherwise be missed.
Result<bool> DirectCommitter::holds(Entries entries) {
  if (auto looked = look_up_users(entries); !looked) return fail(looked);
  return std::none_of(entries.begin(), entries.end(), [this](const DirectEntry* entry) {
    if (entry->newer_epoch != 0) return false;
    const UserId sender = entry->message.sender;
    return users_.newer_than(entry->sender_epoch, sender) != 0 ||
           (users_.is_lost(entry->sender_epoch, sender) && !entry->refusal) ||
           contact_rules_.right_of(stream_of(*entry), users_) != entry->right;
  });
}

}  // namespace chat::delivery

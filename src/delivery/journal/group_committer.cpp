#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/delivery/refusals.h"
#include "chat/protocol/local_time.h"
#include "delivery/journal/batch.h"
#include "delivery/journal/doubt.h"
#include "delivery/journal/journal.h"
#include "delivery/journal/repetition.h"
#include "delivery/journal/user_looks.h"

namespace chat::delivery {
namespace {

using storage::GroupMessage;

constexpr std::size_t kHeadsMax = 20'000;
constexpr std::size_t kRepeatersMax = 1024;
constexpr std::chrono::seconds kRepeaterRemembered{60};
// How often a group's messages may mention everybody.
constexpr std::chrono::milliseconds kMentionAllEvery{60'000};

constinit log::Limiter lost_group_rows{log::kUsualLines};

protocol::Refusal not_found() {
  return {protocol::Errno::kNotFound, "there is no such group, or you are not in it", std::nullopt};
}

protocol::Refusal group_conflict() {
  return {protocol::Errno::kConflict, "this cid was used for another message", std::nullopt};
}

protocol::Refusal not_allowed(std::string why) {
  return {protocol::Errno::kNotAllowed, std::move(why), std::nullopt};
}

// Why the mute of a member, or of everybody, forbids a message.
std::optional<protocol::Refusal> mute_of(const GroupStore::Writer& writer,
                                         const GroupStore::Locking& group, UnixMillis now) {
  if (writer.muted_until > now) {
    return not_allowed("you are muted in this group until " +
                       protocol::local_time_text(writer.muted_until));
  }
  if (writer.role == storage::GroupRole::kNormal && group.muted_until > now) {
    return not_allowed("this group is muted until " + protocol::local_time_text(group.muted_until));
  }
  return std::nullopt;
}

// The original text of a message that was recalled or edited is lost, so any text counts as the
// same.
bool is_same(const GroupMessage& stored, const GroupMessage& message) {
  if (!stored.kind.empty()) return false;
  return stored.ref != 0 ||
         is_repetition({stored.body, stored.extra}, {message.body, message.extra});
}

// The message of this batch with the same cid, if any.
const GroupMessage* same_cid(const std::vector<GroupEntry*>& earlier, const GroupMessage& message) {
  for (const GroupEntry* entry : earlier) {
    if (!entry->refusal && entry->message.sender == message.sender &&
        entry->message.cid == message.cid) {
      return &entry->message;
    }
  }
  return nullptr;
}

bool by_membership(const GroupStore::Writer& a, const GroupStore::Writer& b) {
  return std::pair(a.group, a.user) < std::pair(b.group, b.user);
}

const GroupStore::Writer* writer_among(const std::vector<GroupStore::Writer>& writers,
                                       GroupId group, UserId user) {
  const GroupStore::Writer wanted{.group = group, .user = user};
  const auto found = std::lower_bound(writers.begin(), writers.end(), wanted, by_membership);
  return found == writers.end() || by_membership(wanted, *found) ? nullptr : &*found;
}

// A repeated message, or a lock that was met after those of the groups' rows.
bool wants_care(const Error& error) {
  return error.code == ErrorCode::kConflict || error.code == ErrorCode::kBusy;
}

}  // namespace

std::uint64_t GroupCommitter::key_of(const GroupEntry& entry) {
  return static_cast<std::uint64_t>(entry.message.group.value);
}

Result<void> GroupCommitter::commit(std::vector<GroupEntry>& entries) {
  attempt_ = Attempt::kHopeful;
  began_ = std::chrono::steady_clock::now();
  if (!repeaters_.empty()) forget_repeaters();
  const auto attempt = [this](std::span<GroupEntry* const> part) { return try_once(part); };
  auto settled = Settlement<GroupEntry, decltype(&key_of), decltype(attempt)>(&key_of, attempt)
                     .settle_all(entries);
  wait_out_doubt(entries, doubtful_until_, clock_);
  return settled;
}

Result<void> GroupCommitter::try_once(std::span<GroupEntry* const> entries) {
  auto stored = try_to_store(entries);
  // Once more, and now without the messages of the older session.
  if (!stored && writer_changed_) stored = try_to_store(entries);
  if (stored || attempt_ == Attempt::kCareful || !wants_care(stored.error())) return stored;
  attempt_ = Attempt::kCareful;
  return try_to_store(entries);
}

Result<void> GroupCommitter::try_to_store(std::span<GroupEntry* const> entries) {
  if (auto begun = store_.begin(); !begun) return begun;
  rows_.clear();
  newest_.clear();
  marked_.clear();
  refused_.clear();
  writer_changed_ = false;
  auto stored = store_all(entries);
  if (stored) stored = renew_look();
  if (stored) stored = store_.commit(valid_until());
  if (stored) {
    keep_heads();
  } else {
    const bool doubtful = stored.error().code == ErrorCode::kOutcomeUnknown;
    if (doubtful && store_.is_remote() && !rows_.empty()) doubtful_until_ = valid_until();
    store_.rollback();
  }
  return stored;
}

// A writer may be taken over while the transaction waits on its way to the database; everything
// else is protected by the groups' locks.
base::SteadyTime GroupCommitter::valid_until() const {
  return rows_.empty() ? base::SteadyTime::max() : looked_ + UserLooks::kHolds;
}

// Looks at the writers again if that was long ago, because other statements took so long.
Result<void> GroupCommitter::renew_look() {
  constexpr std::chrono::milliseconds kFresh = UserLooks::kHolds / 3;
  if (rows_.empty() || clock_.boot_now() - looked_ < kFresh) return {};
  const Writers before = std::move(writers_);
  People senders;
  for (const GroupMessage& row : rows_) senders.emplace(row.group, row.sender);
  if (auto looked = look_at_writers(senders); !looked) return looked;
  for (const GroupMessage& row : rows_) {
    const auto* then = writer_among(before, row.group, row.sender);
    const auto* now = writer_among(writers_, row.group, row.sender);
    if (then != nullptr && now != nullptr && then->newest == now->newest) continue;
    writer_changed_ = true;
    return fail(ErrorCode::kTimeout, "a writer's session has changed meanwhile");
  }
  return {};
}

void GroupCommitter::keep_heads() {
  if (heads_.size() > kHeadsMax) heads_.clear();
  for (const GroupMessage& row : newest_) heads_[row.group] = row.seq;
}

void GroupCommitter::note_head(GroupId group, Seq head) {
  const auto known = heads_.find(group);
  if (known == heads_.end() || head >= known->second) return;
  log::limited(log::Level::kError, lost_group_rows,
               "event=rows_lost stream=group group={} from={} to={}", group.value, head + 1,
               known->second);
  heads_.erase(known);
}

Result<void> GroupCommitter::store_all(std::span<GroupEntry* const> entries) {
  ByGroup groups;  // locked in ascending order, so that two nodes never deadlock
  for (GroupEntry* entry : entries) {
    entry->refusal.reset();
    entry->repeated = false;
    entry->lock_in_way = false;
    entry->newer_epoch = 0;
    groups[entry->message.group].push_back(entry);
  }
  std::vector<GroupId> ids;
  ids.reserve(groups.size());
  for (const auto& item : groups) ids.push_back(item.first);
  auto lockings = store_.lock(ids);
  if (!lockings) return fail(lockings);
  if (auto marked = set_apart(ids, *lockings); !marked) return marked;
  if (auto prepared = look_up(groups, *lockings); !prepared) return prepared;
  auto locking = lockings->begin();
  for (const auto& [group, group_entries] : groups) {
    if (locking->state == GroupStore::Locking::State::kHeld) note_head(group, locking->head.seq);
    if (auto decided = decide_all(group_entries, *locking++); !decided) return decided;
  }
  if (auto settled = settle_refused(); !settled) return settled;
  return store_decided();
}

// In careful attempts: a group whose rows are locked where they grow is in the way like one whose
// own row is.
Result<void> GroupCommitter::set_apart(std::span<const GroupId> ids,
                                       std::span<GroupStore::Locking> groups) {
  if (attempt_ != Attempt::kCareful) return {};
  std::vector<GroupStore::Place> heads;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool held = groups[i].state == GroupStore::Locking::State::kHeld;
    if (held && groups[i].head.seq > 0) heads.push_back({ids[i], groups[i].head.seq});
  }
  if (heads.empty()) return {};
  const auto locked = store_.locked_heads(heads);
  if (!locked) return fail(locked);
  for (const GroupId id : *locked) {
    const auto place = std::lower_bound(ids.begin(), ids.end(), id) - ids.begin();
    groups[static_cast<std::size_t>(place)].state = GroupStore::Locking::State::kInWay;
  }
  return {};
}

// What must be known of all entries whose group is held: which are stored already, as far as that
// is looked up beforehand, and then who may write. Call after all groups are locked, so that
// nothing about them can change any more.
Result<void> GroupCommitter::look_up(const ByGroup& groups,
                                     std::span<const GroupStore::Locking> lockings) {
  People people;
  std::set<std::pair<GroupId, Seq>> targets;
  Entries perhaps_stored;
  auto locking = lockings.begin();
  for (const auto& [group, entries] : groups) {
    if ((locking++)->state != GroupStore::Locking::State::kHeld) continue;
    for (GroupEntry* entry : entries) {
      people.emplace(group, entry->message.sender);
      if (looks_for(*entry)) perhaps_stored.push_back(entry);
      if (entry->marks == nullptr) continue;
      for (const UserId user : entry->marks->at) people.emplace(group, user);
      if (entry->marks->reply.seq != 0) targets.emplace(group, entry->marks->reply.seq);
    }
  }
  if (auto found = find_in_table(perhaps_stored); !found) return found;
  if (auto found = find_targets(targets); !found) return found;
  return look_at_writers(people);
}

Result<void> GroupCommitter::find_targets(const std::set<std::pair<GroupId, Seq>>& targets) {
  targets_.clear();
  if (targets.empty()) return {};
  std::vector<GroupStore::Place> places;
  for (const auto& [group, seq] : targets) places.push_back({group, seq});
  const auto found = store_.texts_among(places);
  if (!found) return fail(found);
  for (const auto& [group, seq] : *found) targets_.emplace(group, seq);
  return {};
}

Result<void> GroupCommitter::look_at_writers(const People& people) {
  looked_ = clock_.boot_now();
  std::vector<storage::Membership> members;
  members.reserve(people.size());
  for (const auto& [group, user] : people) members.push_back({user, group});
  auto writers = store_.writers(members);
  if (!writers) return fail(writers);
  writers_ = std::move(*writers);
  std::sort(writers_.begin(), writers_.end(), by_membership);
  return {};
}

// True: its cid is looked up before anything is decided.
bool GroupCommitter::looks_for(const GroupEntry& entry) const {
  return attempt_ == Attempt::kCareful || repeaters_.contains(entry.message.sender);
}

// One query for all: with a distant database, one for each would hold the groups for long.
Result<void> GroupCommitter::find_in_table(const Entries& entries) {
  found_.clear();
  if (entries.empty()) return {};
  std::vector<GroupStore::Cid> cids;
  cids.reserve(entries.size());
  for (const GroupEntry* entry : entries) {
    cids.push_back({entry->message.group, entry->message.sender, entry->message.cid});
  }
  auto found = store_.find(cids);
  if (!found) return fail(found);
  for (GroupMessage& row : *found) {
    CidKey key(row.group, row.sender, row.cid);
    found_.insert_or_assign(std::move(key), std::move(row));
  }
  return {};
}

const GroupMessage* GroupCommitter::stored_as(const GroupEntry& entry) const {
  const GroupMessage& message = entry.message;
  const auto found = found_.find(CidKey(message.group, message.sender, message.cid));
  return found == found_.end() ? nullptr : &found->second;
}

// What is stored already is acknowledged whatever has become of its sender's rights.
Result<void> GroupCommitter::settle_refused() {
  if (refused_.empty()) return {};
  if (auto found = find_in_table(refused_); !found) return found;
  for (GroupEntry* entry : refused_) {
    const GroupMessage* stored = stored_as(*entry);
    if (stored == nullptr) continue;
    answer_with(*entry, *stored);
    note_repeater(entry->message.sender);
  }
  return {};
}

Result<void> GroupCommitter::decide_all(const Entries& entries, GroupStore::Locking& group) {
  if (group.state != GroupStore::Locking::State::kHeld) {
    for (GroupEntry* entry : entries) {
      if (group.state == GroupStore::Locking::State::kMissing) entry->refusal = not_found();
      entry->lock_in_way = group.state == GroupStore::Locking::State::kInWay;
    }
    return {};
  }
  const std::size_t before = rows_.size();
  Entries earlier;
  for (GroupEntry* entry : entries) {
    auto is_new = decide(*entry, earlier, group);
    if (!is_new) return fail(is_new);
    if (*is_new) rows_.push_back(entry->message);
    if (*is_new && entry->marks != nullptr) marked_.push_back(entry);
    earlier.push_back(entry);
  }
  if (rows_.size() > before) newest_.push_back(rows_.back());
  return {};
}

Result<void> GroupCommitter::store_decided() {
  if (rows_.empty()) return {};
  if (auto inserted = store_.insert(rows_); !inserted) return inserted;
  if (auto inserted = store_mentions(); !inserted) return inserted;
  return store_.set_newest(newest_);
}

// One row per mentioned user, or one for everybody: a message counts as one mention. Mentioning
// oneself counts nothing.
Result<void> GroupCommitter::store_mentions() {
  std::vector<storage::Mention> mentions;
  for (const GroupEntry* entry : marked_) {
    const GroupMessage& message = entry->message;
    if (entry->marks->at_all) {
      mentions.push_back({{}, message.group, message.seq});
      continue;
    }
    for (const UserId user : entry->marks->at) {
      if (user != message.sender) mentions.push_back({user, message.group, message.seq});
    }
  }
  if (mentions.empty()) return {};
  return store_.insert(mentions);
}

// True: a new message; its seq, time and n are set and the head is advanced.
Result<bool> GroupCommitter::decide(GroupEntry& entry, const Entries& earlier,
                                    GroupStore::Locking& group) {
  if (find_stored(entry, earlier)) return false;
  auto allowed = may_write(entry, earlier, group);
  if (!allowed) return allowed;
  if (!*allowed) {
    if (!looks_for(entry)) refused_.push_back(&entry);
    return false;
  }
  GroupStore::Head& head = group.head;
  head.sent_at = std::max(head.sent_at, clock_.unix_millis());
  entry.message.seq = ++head.seq;
  entry.message.sent_at = head.sent_at;
  entry.message.n = ++head.n;
  if (entry.marks != nullptr && entry.marks->at_all) group.last_of_all = head.sent_at;
  return true;
}

// True: the cid was used before; the entry is answered with that message, or refused.
bool GroupCommitter::find_stored(GroupEntry& entry, const Entries& earlier) {
  if (const GroupMessage* twin = same_cid(earlier, entry.message)) {
    answer_with(entry, *twin);
    return true;
  }
  if (!looks_for(entry)) return false;
  const GroupMessage* stored = stored_as(entry);
  if (stored == nullptr) return false;
  answer_with(entry, *stored);
  note_repeater(entry.message.sender);
  return true;
}

void GroupCommitter::note_repeater(UserId sender) {
  if (repeaters_.size() >= kRepeatersMax) repeaters_.clear();
  repeaters_[sender] = began_;
}

void GroupCommitter::forget_repeaters() {
  std::erase_if(repeaters_,
                [this](const auto& item) { return began_ - item.second > kRepeaterRemembered; });
}

void GroupCommitter::answer_with(GroupEntry& entry, const GroupMessage& stored) {
  entry.refusal.reset();
  entry.newer_epoch = 0;
  if (!is_same(stored, entry.message)) entry.refusal = group_conflict();
  entry.repeated = true;
  entry.message.seq = stored.seq;
  entry.message.sent_at = stored.sent_at;
}

// False: refused.
Result<bool> GroupCommitter::may_write(GroupEntry& entry, const Entries& earlier,
                                       GroupStore::Locking& group) {
  const auto* writer = writer_among(writers_, entry.message.group, entry.message.sender);
  if (writer == nullptr) {
    entry.refusal = not_found();
  } else if (writer->newest > entry.sender_epoch) {
    entry.newer_epoch = writer->newest;
    entry.refusal = taken_over();
  } else if (writer->newest < entry.sender_epoch) {
    entry.refusal = session_lost();
  } else if (group.dismissed) {
    entry.refusal = not_allowed("this group was dismissed");
  } else {
    entry.refusal = mute_of(*writer, group, clock_.unix_millis());
  }
  if (!entry.refusal && entry.marks != nullptr) return may_mark(entry, *writer, earlier, group);
  return !entry.refusal;
}

// Checks the message replied to and the mentions. False: refused.
Result<bool> GroupCommitter::may_mark(GroupEntry& entry, const GroupStore::Writer& writer,
                                      const Entries& earlier, GroupStore::Locking& group) {
  if (entry.marks->at_all && writer.role == storage::GroupRole::kNormal) {
    entry.refusal = not_allowed("only the group's creator and admins may mention everybody");
    return false;
  }
  if (!has_reply_target(entry, writer, earlier)) {
    entry.refusal = no_reply_target();
    return false;
  }
  if (const auto non_member = find_non_member(entry)) {
    entry.refusal = protocol::Refusal{
        protocol::Errno::kNotFound,
        "at: user " + std::to_string(non_member->value) + " is not in this group", std::nullopt};
    return false;
  }
  return entry.marks->at_all ? may_mention_all(entry, group) : true;
}

bool GroupCommitter::has_reply_target(const GroupEntry& entry, const GroupStore::Writer& writer,
                                      const Entries& earlier) const {
  const Seq seq = entry.marks->reply.seq;
  if (seq == 0) return true;
  if (seq <= writer.joined_seq) return false;
  if (targets_.contains({entry.message.group, seq})) return true;
  return std::any_of(earlier.begin(), earlier.end(), [seq](const GroupEntry* other) {
    return !other->refusal && other->message.seq == seq;
  });
}

// The first of the mentioned users who is not a member.
std::optional<UserId> GroupCommitter::find_non_member(const GroupEntry& entry) const {
  for (const UserId user : entry.marks->at) {
    if (writer_among(writers_, entry.message.group, user) == nullptr) return user;
  }
  return std::nullopt;
}

// Once a minute in a group, by the times of its messages, so that all nodes agree.
Result<bool> GroupCommitter::may_mention_all(GroupEntry& entry, GroupStore::Locking& group) {
  if (!group.last_of_all) {
    const auto last = store_.last_of_all(entry.message.group);
    if (!last) return fail(last);
    group.last_of_all = *last;
  }
  const UnixMillis now = std::max(group.head.sent_at, clock_.unix_millis());
  const UnixMillis next = *group.last_of_all + kMentionAllEvery.count();
  if (*group.last_of_all == 0 || now >= next) return true;
  entry.refusal = protocol::Refusal{protocol::Errno::kRateLimited,
                                    "everybody in a group may be mentioned once a minute",
                                    std::chrono::milliseconds(next - now)};
  return false;
}

}  // namespace chat::delivery

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "delivery/journal/stores.h"

namespace chat::delivery {

// The fault of the next call of a store.
struct Outcome {
  std::optional<ErrorCode> error;
  bool stored_all_the_same = false;  // with kOutcomeUnknown
};

// Tables in memory, with the keys of the real ones. Threading: as DirectStore.
class FakeDirectStore final : public DirectStore {
 public:
  using Key = std::pair<UserId, UserId>;

  bool is_remote() const override { return true; }
  Result<std::uint64_t> connect() override {
    if (connect_error) return fail(*std::exchange(connect_error, {}), "connect");
    return connection;
  }
  Result<std::vector<storage::DirectMessage>> tails(std::span<const Tail> asked,
                                                    std::size_t limit) override {
    ++tail_reads;
    if (tail_error) return fail(*std::exchange(tail_error, {}), "tails");
    std::vector<storage::DirectMessage> rows;
    for (const Tail& tail : asked) {
      tails_read.push_back(tail.from);
      const auto& all = streams[{tail.stream.recipient, tail.stream.sender}];
      const std::size_t count = std::min(limit, all.size());
      std::copy_if(all.end() - static_cast<std::ptrdiff_t>(count), all.end(),
                   std::back_inserter(rows),
                   [&tail](const auto& row) { return row.seq >= tail.from; });
    }
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return storage::in_key_order(&a, &b); });
    return rows;
  }

  Result<std::vector<storage::DirectStream>> locked_heads(std::span<const Head> heads) override {
    ++lock_looks;
    if (lock_error) return fail(*std::exchange(lock_error, {}), "heads");
    std::vector<storage::DirectStream> found;
    for (const Head& head : heads) {
      const auto& all = streams[{head.stream.recipient, head.stream.sender}];
      EXPECT_EQ(all.empty() ? 0 : all.back().seq, head.seq);
      if (all.empty()) continue;
      if (locked.contains({head.stream.recipient, head.stream.sender}))
        found.push_back(head.stream);
    }
    return found;
  }

  Result<std::vector<storage::DirectStream>> begun(
      std::span<const storage::DirectStream> asked) override {
    ++looks;
    if (tail_error) return fail(*std::exchange(tail_error, {}), "begun");
    std::vector<storage::DirectStream> found;
    for (const auto& stream : asked) {
      const auto there = streams.find({stream.recipient, stream.sender});
      if (there != streams.end() && !there->second.empty()) found.push_back(stream);
    }
    return found;
  }

  bool shared() const override { return is_shared; }
  Result<std::vector<storage::UserState>> states(std::span<const UserId> users) override {
    ++epoch_looks;
    if (epoch_error) return fail(*std::exchange(epoch_error, {}), "states");
    std::vector<storage::UserState> found;
    for (const UserId user : users) {
      if (lost.contains(user)) continue;
      const auto there = newest.find(user);
      const auto rev = contact_revs.find(user);
      found.push_back({.id = user,
                       .holder = {},
                       .session_epoch = there == newest.end() ? 1 : there->second,
                       .contact_rev = rev == contact_revs.end() ? 0 : rev->second});
    }
    return found;
  }
  Result<std::vector<storage::ChatRight>> chat_rights(
      std::span<const storage::DirectStream> asked) override {
    ++right_looks;
    if (rights_error) return fail(*std::exchange(rights_error, {}), "rights");
    std::vector<storage::ChatRight> found;
    for (const auto& stream : asked) {
      const auto there = rights.find({stream.recipient, stream.sender});
      found.push_back(there == rights.end() ? storage::ChatRight::kYes : there->second);
    }
    return found;
  }

  Result<std::vector<storage::MessageName>> texts_among(
      std::span<const storage::MessageName> asked) override {
    ++target_looks;
    if (target_error) return fail(*std::exchange(target_error, {}), "texts");
    std::vector<storage::MessageName> found;
    for (const auto& name : asked) {
      for (const auto& row : streams[{name.recipient, name.sender}]) {
        if (row.seq == name.seq && row.kind.empty()) found.push_back(name);
      }
    }
    return found;
  }

  Result<void> append(storage::DirectRows rows, base::SteadyTime by) override {
    if (on_append) on_append(rows);
    append_by = by;
    appends.push_back(rows.size());
    Outcome outcome;
    if (!outcomes.empty()) {
      outcome = outcomes.front();
      outcomes.pop_front();
    }
    if (outcome.error && !outcome.stored_all_the_same) return fail(*outcome.error, "append");
    for (const storage::DirectMessage* row : rows) {
      if (locked.contains({row->recipient, row->sender})) return fail(ErrorCode::kBusy, "locked");
      if (row->body == bad_body) return fail(ErrorCode::kInternal, "bad row");
      const auto& stream = streams[{row->recipient, row->sender}];
      if (!stream.empty() && stream.back().seq >= row->seq && row->seq <= first_of(rows, *row)) {
        return fail(ErrorCode::kConflict, "duplicate key");
      }
    }
    for (const storage::DirectMessage* row : rows) put(*row);
    if (outcome.error) return fail(*outcome.error, "append");
    return {};
  }

  // Another writer's row.
  void put(const storage::DirectMessage& row) {
    streams[{row.recipient, row.sender}].push_back(row);
  }

  std::map<Key, std::vector<storage::DirectMessage>> streams;
  std::deque<Outcome> outcomes;
  std::uint64_t connection = 1;
  std::optional<ErrorCode> connect_error;
  std::optional<ErrorCode> tail_error;
  std::string bad_body = "bad";
  std::set<Key> locked;  // by somebody else
  std::function<void(storage::DirectRows)> on_append;
  bool is_shared = true;
  std::map<UserId, SessionEpoch> newest;  // newest sessions on any node; 1 for other users
  std::set<UserId> lost;                  // users missing from the table
  std::optional<ErrorCode> epoch_error;
  std::map<UserId, std::int64_t> contact_revs;  // 0 for other users
  std::map<Key, storage::ChatRight> rights;     // kYes for other streams
  std::optional<ErrorCode> rights_error;
  std::optional<ErrorCode> target_error;
  int target_looks = 0;
  int right_looks = 0;
  int tail_reads = 0;
  std::vector<Seq> tails_read;  // of each stream read, from which seq on
  std::optional<ErrorCode> lock_error;
  int lock_looks = 0;
  int looks = 0;
  int epoch_looks = 0;
  std::vector<std::size_t> appends;
  base::SteadyTime append_by;  // of the last one

 private:
  static Seq first_of(storage::DirectRows rows, const storage::DirectMessage& row) {
    for (const storage::DirectMessage* other : rows) {
      if (other->recipient == row.recipient && other->sender == row.sender) return other->seq;
    }
    return 0;
  }
};

class FakeGroupStore final : public GroupStore {
 public:
  bool is_remote() const override { return true; }
  Result<void> begin() override {
    ++begins;
    staged = groups;
    if (begin_error) return fail(*std::exchange(begin_error, {}), "begin");
    return {};
  }
  Result<void> commit(base::SteadyTime by) override {
    commit_by = by;
    Outcome outcome;
    if (!commits.empty()) {
      outcome = commits.front();
      commits.pop_front();
    }
    if (!outcome.error || outcome.stored_all_the_same) groups = staged;
    if (outcome.error) return fail(*outcome.error, "commit");
    return {};
  }
  void rollback() override { ++rollbacks; }

  Result<std::vector<Locking>> lock(std::span<const GroupId> asked) override {
    locks.insert(locks.end(), asked.begin(), asked.end());
    std::vector<Locking> lockings;
    for (const GroupId group : asked) {
      lockings.push_back(locking_of(group));
    }
    return lockings;
  }
  Result<std::vector<Writer>> writers(std::span<const storage::Membership> members) override {
    std::vector<Writer> found;
    writer_looks.push_back(members.size());
    for (const auto& member : members) {
      Group& group = staged[member.group];
      if (!group.members.contains(member.user)) continue;
      Writer writer = group.rights[member.user];
      writer.group = member.group;
      writer.user = member.user;
      writer.newest = newest[member.user];
      found.push_back(writer);
    }
    return found;
  }
  Result<std::vector<storage::GroupMessage>> find(std::span<const Cid> cids) override {
    ++finds;
    std::vector<storage::GroupMessage> found;
    for (const Cid& asked : cids) {
      for (const auto& row : staged[asked.group].rows) {
        if (row.sender == asked.sender && row.cid == asked.cid) found.push_back(row);
      }
    }
    return found;
  }
  Result<void> insert(std::span<const storage::GroupMessage> rows) override {
    inserts.push_back(rows.size());
    if (on_insert) on_insert();
    for (const auto& row : rows) {
      if (row.body == "bad") return fail(ErrorCode::kInternal, "bad row");
      if (locked_rows.contains(row.group)) return fail(ErrorCode::kBusy, "locked");
      auto& stored = staged[row.group].rows;
      if (std::any_of(stored.begin(), stored.end(), [&row](const auto& other) {
            return other.seq == row.seq || (other.sender == row.sender && other.cid == row.cid);
          })) {
        return fail(ErrorCode::kConflict, "duplicate key");
      }
      stored.push_back(row);
    }
    return {};
  }
  Result<std::vector<GroupId>> locked_heads(std::span<const Place> asked) override {
    std::vector<GroupId> found;
    for (const Place& head : asked) {
      if (locked_rows.contains(head.group)) found.push_back(head.group);
    }
    return found;
  }
  Result<std::vector<Place>> texts_among(std::span<const Place> places) override {
    ++mark_looks;
    std::vector<Place> found;
    for (const Place& place : places) {
      const auto& rows = staged[place.group].rows;
      if (std::any_of(rows.begin(), rows.end(), [&place](const auto& row) {
            return row.seq == place.seq && row.kind.empty();
          })) {
        found.push_back(place);
      }
    }
    return found;
  }
  Result<UnixMillis> last_of_all(GroupId group) override {
    ++mark_looks;
    UnixMillis last = 0;
    for (const auto& mention : staged[group].mentions) {
      if (mention.user) continue;
      last = staged[group].rows.at(static_cast<std::size_t>(mention.seq) - 1).sent_at;
    }
    return last;
  }
  Result<void> insert(std::span<const storage::Mention> mentions) override {
    ++mark_looks;
    for (const auto& mention : mentions) staged[mention.group].mentions.push_back(mention);
    return {};
  }
  Result<void> set_newest(std::span<const storage::GroupMessage> texts) override {
    for (const auto& text : texts) heads[text.group] = text.seq;
    return {};
  }

  struct Group {
    std::set<UserId> members;
    std::vector<storage::GroupMessage> rows;
    std::map<UserId, Writer> rights;  // of members with others than a normal one's
    UnixMillis muted_until = 0;
    bool dismissed = false;
    std::vector<storage::Mention> mentions{};
  };
  std::map<UserId, SessionEpoch> newest;
  std::map<GroupId, Group> groups;
  std::map<GroupId, Group> staged;
  std::map<GroupId, Seq> heads;
  std::deque<Outcome> commits;
  std::optional<ErrorCode> begin_error;
  std::vector<GroupId> locks;
  std::set<GroupId> locked;       // by somebody else
  std::set<GroupId> locked_rows;  // where their rows grow
  std::vector<std::size_t> inserts;
  int mark_looks = 0;                     // statements about replies and mentions
  std::vector<std::size_t> writer_looks;  // how many were asked for
  int finds = 0;
  int begins = 0;
  int rollbacks = 0;
  std::function<void()> on_insert;
  base::SteadyTime commit_by;  // of the last one

 private:
  Locking locking_of(GroupId group) {
    if (locked.contains(group)) return {Locking::State::kInWay, {}};
    const auto found = staged.find(group);
    if (found == staged.end()) return {};
    const auto& rows = found->second.rows;
    const Head head =
        rows.empty() ? Head{} : Head{rows.back().seq, rows.back().sent_at, rows.back().n};
    return {Locking::State::kHeld, head, found->second.muted_until, found->second.dismissed};
  }
};

}  // namespace chat::delivery

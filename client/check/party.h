#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/ids.h"
#include "client/check/ledger.h"
#include "client/check/mark.h"
#include "client/core/event.h"
#include "client/core/pending.h"
#include "client/load/poller.h"

namespace chat::client::check {

// Clients that write to each other: a pair with one stream each way, or a group with one stream.
// Tracks what each still has to do before messages can flow, matches deliveries, and keeps the
// ledgers.
// Threading: confined to the thread that all its clients share.
class Party {
 public:
  enum class Kind { kPair, kGroup };
  // Its streams are numbered from `first_stream` on; `name` is the group's unique name.
  Party(Kind kind, std::size_t members, std::uint32_t first_stream, std::string name);

  std::size_t size() const { return members_.size(); }
  std::size_t streams() const { return ledgers_.size(); }

  // The member's client, which is called when there may be something new for it to do.
  void set_handler(std::size_t member, load::Poller::Handler& handler);
  // The handlers of all members.
  std::vector<load::Poller::Handler*> handlers() const;

  void logged_in(std::size_t member, UserId id, bool fresh);
  bool prepared(std::size_t member) const;
  // The member's next request of the set-up; empty if it is prepared or must wait for others.
  struct Step {
    Question question;
    std::string json;
  };
  std::optional<Step> next(std::size_t member, std::string_view cid) const;
  // Handles the answer to it. False if the set-up cannot succeed.
  bool take(std::size_t member, const Event& answer);

  // The stream that the member writes to.
  Ledger& ledger(std::size_t member) { return ledgers_[stream_of(member)]; }
  Target target(std::size_t member) const;
  Mark mark(std::size_t member, std::uint32_t number) const;
  std::size_t sender_number(std::size_t member) const { return pair() ? 0 : member; }

  // A message was pushed to the member.
  Ledger::Step delivered(std::size_t member, const std::string& run, const event::Message& message);

  bool settled() const;
  // Adds the running totals; may be called at any time.
  void add_totals(Verdict& to) const;
  Verdict verdict() const;

 private:
  struct Member {
    UserId id;
    bool fresh = false;
    bool joined = false;
    load::Poller::Handler* handler = nullptr;
  };

  bool pair() const { return kind_ == Kind::kPair; }
  std::size_t stream_of(std::size_t member) const { return pair() ? member : 0; }
  // True for a message that an earlier run still owes to an existing account.
  bool is_old(std::size_t member, const event::Message& message) const;
  // True if it came in the stream and from the sender that its mark names.
  bool fits(std::size_t member, const Mark& mark, const event::Message& message) const;
  bool everyone_known() const;
  void take_history(const event::History& page);

  const Kind kind_;
  const std::uint32_t first_stream_;
  const std::string name_;
  std::vector<Member> members_;
  std::deque<Ledger> ledgers_;
  GroupId group_;
  int attempts_ = 0;  // to create the group
  // Of a pair of existing accounts: the heads of their streams.
  bool bases_known_ = false;
  std::string cursor_;
  std::optional<Seq> bases_[2];
  std::uint64_t unexpected_ = 0;
};

}  // namespace chat::client::check

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

// Clients that write to each other: two directly, one stream each way, or a group of several with
// one stream. It knows what each has still to do before messages can flow, matches deliveries, and
// keeps the ledgers. Threading: confined to the thread of its clients, which are all on one.
class Party {
 public:
  enum class Kind { kPair, kGroup };
  // Its streams are numbered from `first_stream` on; `name` is the group's, unique.
  Party(Kind kind, std::size_t members, std::uint32_t first_stream, std::string name);

  std::size_t size() const { return members_.size(); }
  std::size_t streams() const { return ledgers_.size(); }

  // The member's client, told when there is something new to do for it.
  void set_handler(std::size_t member, load::Poller::Handler& handler);
  // Everyone who may have something new to do.
  std::vector<load::Poller::Handler*> handlers() const;

  void logged_in(std::size_t member, UserId id, bool fresh);
  bool prepared(std::size_t member) const;
  // What the member asks for to get prepared; nothing: it waits for others, or is.
  struct Step {
    Question question;
    std::string json;
  };
  std::optional<Step> next(std::size_t member, std::string_view cid) const;
  // The answer to it. False: this can't be had.
  bool take(std::size_t member, const Event& answer);

  // Where the member writes to.
  Ledger& ledger(std::size_t member) { return ledgers_[stream_of(member)]; }
  Target target(std::size_t member) const;
  Mark mark(std::size_t member, std::uint32_t number) const;
  std::size_t sender_number(std::size_t member) const { return pair() ? 0 : member; }

  // The member was pushed a message.
  Ledger::Step delivered(std::size_t member, const std::string& run, const event::Message& message);

  bool settled() const;
  // What can be told at any time.
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
  // An account that existed before is still owed this by an earlier run.
  bool is_old(std::size_t member, const event::Message& message) const;
  // It came in the stream that its mark names, from who the mark says.
  bool fits(std::size_t member, const Mark& mark, const event::Message& message) const;
  bool everyone_known() const;
  void take_history(const event::History& page);

  const Kind kind_;
  const std::uint32_t first_stream_;
  const std::string name_;
  std::vector<Member> members_;
  std::deque<Ledger> ledgers_;
  GroupId group_;
  int attempts_ = 0;  // at creating the group
  // A pair of accounts that existed before: where their streams stand.
  bool bases_known_ = false;
  std::string cursor_;
  std::optional<Seq> bases_[2];
  std::uint64_t unexpected_ = 0;
};

}  // namespace chat::client::check

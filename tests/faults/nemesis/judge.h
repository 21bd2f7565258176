#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults/nemesis/revisions.h"
#include "support/clients/raw_client.h"

// Records what was sent, acknowledged and received, and checks the guarantees.
namespace chat::test::nemesis {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

struct Stream {
  bool group = false;
  std::int64_t target = 0;  // the recipient, or the group
  std::int64_t sender = 0;  // 0: a group's
  friend auto operator<=>(const Stream&, const Stream&) = default;
};

// One message, as seen by its sender and recipients.
struct Message {
  Stream stream;
  std::int64_t sender = 0;
  Time sent_at;  // first
  std::optional<Time> acked_at;
  std::int64_t seq = 0;               // from the first ack or push; 0: none yet
  bool refused = false;               // for good
  std::optional<Time> wired_at = {};  // when it first went over a connection
  std::int64_t from_head = 0;         // of a club: a seq that it had reached then
  Json more = Json::object();         // the fields of a reply and of mentions
};

// A row of directmessage or groupmessage, or of a reply to HISTORY.
struct StoredMessage {
  Stream stream;
  std::int64_t seq = 0;
  std::int64_t sender = 0;
  std::string cid;
  std::string text;
  std::string kind{};  // of an event row; nobody sent it as a message
  Json extra = Json::object();
};

// Threading: externally synchronised. No I/O and no clock of its own.
class Judge {
 public:
  // `run` distinguishes this run's messages from others.
  explicit Judge(std::string run) : run_(std::move(run)) {}

  // Returns the number of a new message, which determines its cid and text.
  std::size_t sent(std::int64_t sender, bool group, std::int64_t target, Time now,
                   Json more = Json::object());
  std::string cid_of(std::size_t number) const;
  std::string text_of(std::size_t number) const;
  std::optional<std::size_t> number_of(const std::string& cid) const;
  const Message& message(std::size_t number) const { return messages_.at(number); }
  std::size_t messages() const { return messages_.size(); }
  std::size_t acknowledged() const { return acknowledged_; }
  std::size_t received() const { return received_; }

  void acked(std::size_t number, std::int64_t seq, Time now);
  void refused(std::size_t number, const std::string& error);
  // The same, where that is no fault: the message must never be stored.
  void refused_rightly(std::size_t number) { messages_.at(number).refused = true; }
  void wired(std::size_t number, Time now, std::int64_t from_head);
  // A club: what its members get is judged elsewhere (ClubLedger).
  void add_club(std::int64_t group) { clubs_.insert(group); }
  // `user` was pushed a chat message or an event row. `counts`: on the user's newest session;
  // pushes on older ones are only compared with the message.
  void pushed(std::int64_t user, const Json& push, bool counts);
  Revisions& revisions() { return revisions_; }
  // A recall or an edit was confirmed; `seq` is its event.
  void revised(const Revision& revision, std::int64_t seq, Time now);

  // A user requests to join a group; and is certainly a member from now on.
  void asked_to_join(std::int64_t user, std::int64_t group, Time now);
  void joined(std::int64_t user, std::int64_t group, Time now);
  bool is_member(std::int64_t user, std::int64_t group) const;

  // The first message that `user` should have received by now: acknowledged for longer than
  // `bound`, also counted from `since`, when the user's session began or the last fault ended.
  std::optional<std::string> overdue(std::int64_t user, Time since, Time now,
                                     milliseconds bound) const;
  // True if `user` has received all acknowledged messages.
  bool has_everything(std::int64_t user) const;

  // Call at the end, with all rows of both tables and each member's joined_seq.
  void compare_with_tables(
      const std::vector<StoredMessage>& rows,
      const std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>& joined_seqs);
  // `shown` is the HISTORY of some streams for `user`, `stored` their rows in the tables.
  void compare_history(std::int64_t user, const std::vector<StoredMessage>& shown,
                       const std::vector<StoredMessage>& stored);

  void violation(const std::string& promise, const std::string& what);
  const std::vector<std::string>& violations() const { return violations_; }
  std::string describe(std::size_t number) const;

 private:
  struct Inbox {
    std::int64_t last = 0;
    std::set<std::int64_t> seqs;
  };
  struct Membership {
    Time asked_at;
    std::optional<Time> member_since;
  };

  void take_seq(std::size_t number, std::int64_t seq, const std::string& where);
  void take_in_order(std::int64_t user, std::size_t number);
  void expect_at(std::size_t number, std::int64_t user);
  std::set<std::int64_t> recipients(const Message& message) const;
  void pushed_event(std::int64_t user, const Json& push, bool counts);
  void pushed_revision(std::int64_t user, const Stream& stream, const Json& push);
  bool is_as_sent(std::int64_t user, std::size_t number, const Json& push) const;
  void judge_row(const StoredMessage& row);
  void judge_event(const StoredMessage& row);

  const std::string run_;
  std::vector<Message> messages_;
  std::map<Stream, std::map<std::int64_t, std::size_t>> places_;   // number by seq
  std::map<Stream, std::map<std::int64_t, std::int64_t>> events_;  // senders by seq, in the tables
  std::map<std::pair<std::int64_t, Stream>, Inbox> inboxes_;
  std::map<std::pair<std::int64_t, std::int64_t>, Membership> memberships_;  // by user and group
  std::set<std::int64_t> clubs_;
  Revisions revisions_;
  std::set<std::string> stored_revisions_;                       // in the tables
  std::map<std::int64_t, std::map<std::size_t, Time>> awaited_;  // by user; the time of the ack
  // Recalls and edits, likewise.
  std::map<std::int64_t, std::map<std::pair<Stream, std::int64_t>, Time>> awaited_events_;
  std::size_t acknowledged_ = 0;
  std::size_t received_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace chat::test::nemesis

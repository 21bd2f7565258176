#pragma once

#include <map>
#include <set>

#include "chat/base/ids.h"
#include "client/core/event.h"

namespace chat::client {

// Decides which receipts say something new about the user's own messages. A group's receipt counts
// every member's messages, and the server may repeat any of them.
// Threading: confined to one thread. Bounds: kOwnMax remembered messages a group.
class ReceiptFilter {
 public:
  // Learns from Sent and History which messages are the user's own, and tells each Receipt the
  // newest of them that it is the first to confirm. Another user's login forgets everything.
  void apply(Event& event);

 private:
  static constexpr std::size_t kOwnMax = 1000;
  struct Told {
    Seq delivered = 0;
    Seq read = 0;
  };

  void forget_unless(UserId user);
  void add_own(GroupId group, Seq seq);
  Seq newest_own(const event::Receipt& receipt) const;
  void apply(event::Receipt& receipt);

  UserId user_;
  std::map<GroupId, std::set<Seq>> own_;  // only those whose reading has not been confirmed
  std::map<Target, Told> told_;
};

}  // namespace chat::client

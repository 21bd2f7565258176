#pragma once

#include <map>
#include <set>

#include "chat/base/ids.h"
#include "client/core/event.h"

namespace chat::client {

// Decides which receipts are news about the user's own messages. A group's receipt covers all
// members' messages, and the server may repeat receipts.
// Threading: confined to one thread. Bounds: kOwnMax remembered messages per group.
class ReceiptFilter {
 public:
  // Learns from Sent and History which messages are the user's own, and sets in each Receipt the
  // newest own message that it newly confirms. The login of another user resets it.
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
  std::map<GroupId, std::set<Seq>> own_;  // those not yet confirmed as read
  std::map<Target, Told> told_;
};

}  // namespace chat::client

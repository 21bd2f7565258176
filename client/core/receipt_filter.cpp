#include "client/core/receipt_filter.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::client {

void ReceiptFilter::apply(Event& event) {
  if (const auto* login = event.as<event::LoggedIn>()) forget_unless(login->id);
  if (const auto* sent = event.as<event::Sent>()) add_own(sent->target.group, sent->seq);
  if (const auto* history = event.as<event::History>()) {
    for (const event::Message& each : history->messages) {
      if (each.from == user_) add_own(each.group, each.seq);
    }
  }
  if (auto* receipt = std::get_if<event::Receipt>(&event.what)) apply(*receipt);
}

void ReceiptFilter::forget_unless(UserId user) {
  if (user == user_) return;
  user_ = user;
  own_.clear();
  told_.clear();
}

// In a direct stream all messages are the sender's own, so none need be remembered.
void ReceiptFilter::add_own(GroupId group, Seq seq) {
  if (!group) return;
  auto& own = own_[group];
  own.insert(seq);
  if (own.size() > kOwnMax) own.erase(own.begin());
}

Seq ReceiptFilter::newest_own(const event::Receipt& receipt) const {
  if (!receipt.group) return receipt.seq;
  const auto own = own_.find(receipt.group);
  if (own == own_.end()) return 0;
  const auto after = own->second.upper_bound(receipt.seq);
  return after == own->second.begin() ? 0 : *std::prev(after);
}

void ReceiptFilter::apply(event::Receipt& receipt) {
  Told& told = told_[{receipt.group ? UserId{} : receipt.id, receipt.group}];
  const bool read = receipt.kind == "read";
  // Read implies delivered.
  Seq& before = read ? told.read : told.delivered;
  const Seq newest = newest_own(receipt);
  receipt.newest_own = newest > before ? newest : 0;
  before = std::max(before, newest);
  told.delivered = std::max(told.delivered, told.read);
  if (const auto own = own_.find(receipt.group); read && own != own_.end()) {
    own->second.erase(own->second.begin(), own->second.upper_bound(receipt.seq));
  }
}

}  // namespace chat::client

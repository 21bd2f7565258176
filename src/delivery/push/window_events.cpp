// The part of Window that sends events which are not stored.
//
// A client with too much unread output gets no pushes. Messages wait in the table; events have no
// table, so the window keeps what it needs to tell the client, once it has read enough, how things
// are then: the highest receipts; that some PRESENCE was missed, so that the states of all friends
// are looked up; and the other events themselves, up to a limit. Beyond it the oldest are dropped,
// CONTACT last: it says that a list has changed, which one push says as well as many.
#include <algorithm>
#include <string>
#include <utility>

#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/encode.h"
#include "chat/session/session.h"
#include "chat/session/socket_side.h"
#include "delivery/push/told_receipts.h"
#include "delivery/push/window.h"

namespace chat::delivery {
namespace {

constexpr std::size_t kHeldEventsMax = 64;
constexpr std::size_t kMissedReceiptsMax = 1024;

bool is_push_of(std::string_view json, protocol::Msgid msgid) {
  const std::string head = "{\"msgid\":" + std::to_string(static_cast<int>(msgid)) + ",";
  return json.starts_with(head);
}

}  // namespace

void Window::offer_event(const std::shared_ptr<const std::string>& json) {
  if (stage_ == Stage::kFinishing) return;
  const bool others_wait = waiting_ && !waiting_->held_events.empty();
  if (ready() && !others_wait) {
    session_.socket().send(*json);
  } else {
    hold_event(json);
  }
}

void Window::hold_event(const std::shared_ptr<const std::string>& json) {
  auto& held = waiting().held_events;
  const bool full = held.size() >= kHeldEventsMax;
  if ((full || stage_ == Stage::kOpen) && is_push_of(*json, protocol::Msgid::kPresence)) {
    waiting_->missed_presence = true;
    return;
  }
  if (full) {
    const auto other = std::find_if_not(held.begin(), held.end(), [](const auto& event) {
      return is_push_of(*event, protocol::Msgid::kContact);
    });
    const auto dropped = other == held.end() ? held.begin() : other;
    if (is_push_of(**dropped, protocol::Msgid::kPresence)) waiting_->missed_presence = true;
    held.erase(dropped);
  }
  held.push_back(json);
}

void Window::offer_typing(const std::string& json) {
  const bool others_wait = waiting_ && !waiting_->held_events.empty();
  if (acknowledges_ && ready() && !others_wait) session_.socket().send(json);
}

void Window::offer_receipt(const Receipt& receipt, const std::shared_ptr<const std::string>& json) {
  if (!acknowledges_ || stage_ == Stage::kFinishing) return;
  const Position* position = receipt.target.is_group() ? find(receipt.target) : nullptr;
  if (position != nullptr && position->end != 0) return;
  const Seq wrote = position != nullptr ? position->wrote : 0;
  if (receipt.target.is_group() && (wrote == 0 || receipt.seq < wrote)) return;
  if (!ready()) return hold_receipt(receipt);
  if (!told_receipts_) told_receipts_ = std::make_unique<ToldReceipts>();
  if (told_receipts_->is_news(receipt)) session_.socket().send(*json);
}

void Window::hold_receipt(const Receipt& receipt) {
  auto& missed = waiting().missed_receipts;
  const auto same = std::find_if(missed.begin(), missed.end(), [&receipt](const Receipt& item) {
    return item.target == receipt.target && item.kind == receipt.kind;
  });
  if (same != missed.end()) {
    same->seq = std::max(same->seq, receipt.seq);
  } else if (missed.size() < kMissedReceiptsMax) {
    missed.push_back(receipt);
  }
}

// Sending may call this function again, through on_written().
void Window::tell_missed() {
  if (!waiting_ || !ready() || !session_.socket().output_low()) return;
  const auto events = std::exchange(waiting_->held_events, {});
  const auto receipts = std::exchange(waiting_->missed_receipts, {});
  const bool presence = std::exchange(waiting_->missed_presence, false);
  forget_waiting();
  for (const auto& event : events) session_.socket().send(*event);
  for (const Receipt& receipt : receipts) {
    offer_receipt(receipt, std::make_shared<const std::string>(receipt_json(receipt)));
  }
  if (presence) loop_.refresh_presence(user_);
}

}  // namespace chat::delivery

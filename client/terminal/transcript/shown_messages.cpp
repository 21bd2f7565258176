#include "client/terminal/transcript/shown_messages.h"

#include <algorithm>
#include <utility>

namespace chat::client {
namespace {

// The newest message that matches.
template <typename Matches>
ShownMessage* newest(std::deque<ShownMessage>& messages, Matches matches) {
  const auto found = std::find_if(messages.rbegin(), messages.rend(), matches);
  return found == messages.rend() ? nullptr : &*found;
}

// `shown_later`: of the same author or group. Those not stored have no seq.
bool is_newer(const ShownMessage& shown_later, const ShownMessage& other) {
  if (shown_later.seq > 0 && other.seq > 0) return shown_later.seq > other.seq;
  return !shown_later.earlier;
}

}  // namespace

bool ShownMessage::answers(const ShownMessage& other) const {
  if (!extras.reply || other.seq == 0 || extras.reply->seq != other.seq) return false;
  return conversation == other.conversation &&
         (conversation.group || extras.reply->id == other.from);
}

void ShownMessages::printed(int number, std::uint64_t print) {
  ShownMessage* const message = numbered(number);
  if (message == nullptr || message->print == print) return;
  const std::uint64_t before = std::exchange(message->print, print);
  if (before != 0) copied(number, {before});
}

void ShownMessages::copied(int number, PrintedCopy copy) {
  ShownMessage* const message = numbered(number);
  if (message == nullptr || copy.print == 0) return;
  message->copies.push_back(std::move(copy));
  if (message->copies.size() > kCopiesMost) message->copies.erase(message->copies.begin());
}

ShownMessage& ShownMessages::add(ShownMessage message) {
  if (ShownMessage* const known = of(message.conversation, message.from, message.seq)) {
    message.number = known->number;
    message.changed_by = known->changed_by;
    message.earlier = known->earlier;
    message.print = known->print;
    message.copies = std::move(known->copies);
    if (known->progress != Progress::kFailed) {
      message.progress = std::max(message.progress, known->progress);
    }
    *known = std::move(message);
    return *known;
  }
  last_number_ = last_number_ % static_cast<int>(kMax) + 1;
  message.number = last_number_;
  messages_.push_back(std::move(message));
  if (messages_.size() > kMax) messages_.pop_front();
  return messages_.back();
}

ShownMessage* ShownMessages::numbered(int number) {
  return newest(messages_, [number](const auto& each) { return each.number == number; });
}

// A group has one stream, a direct chat one for each author.
ShownMessage* ShownMessages::of(const Target& conversation, UserId from, Seq seq) {
  if (seq == 0) return nullptr;
  return newest(messages_, [&](const ShownMessage& each) {
    return each.seq == seq && each.conversation == conversation &&
           (conversation.group || each.from == from);
  });
}

ShownMessage* ShownMessages::of_cid(const std::string& cid) {
  if (cid.empty()) return nullptr;
  return newest(messages_, [&](const auto& each) { return each.own && each.cid == cid; });
}

ShownMessage* ShownMessages::first_sending(const Target& conversation) {
  const auto found = std::find_if(messages_.begin(), messages_.end(), [&](const auto& each) {
    return each.own && each.progress == Progress::kSending && each.conversation == conversation;
  });
  return found == messages_.end() ? nullptr : &*found;
}

ShownMessage* ShownMessages::last(const Target& conversation, bool own) {
  ShownMessage* out = nullptr;
  for (ShownMessage& each : messages_) {
    const bool counts = each.own == own && (own || each.seq > 0) && !each.extras.recalled;
    if (!counts || each.conversation != conversation) continue;
    if (out == nullptr || is_newer(each, *out)) out = &each;
  }
  return out;
}

}  // namespace chat::client

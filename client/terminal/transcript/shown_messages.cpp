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

}  // namespace

ShownMessage& ShownMessages::add(ShownMessage message) {
  if (ShownMessage* const known = of(message.conversation, message.from, message.seq)) {
    message.number = known->number;
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
  return newest(messages_, [&](const ShownMessage& each) {
    return each.conversation == conversation && each.own == own && each.seq > 0 &&
           !each.extras.recalled;
  });
}

}  // namespace chat::client

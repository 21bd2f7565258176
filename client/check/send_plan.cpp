#include "client/check/send_plan.h"

#include <algorithm>
#include <utility>

namespace chat::client::check {

std::uint64_t SendPlan::end() {
  return std::exchange(schedule_.count, planned_) - planned_;
}

std::optional<std::uint32_t> SendPlan::next(base::SteadyTime now) {
  if (held_ > 0) {
    const auto held = std::find_if(chats_.begin(), chats_.end(),
                                   [](const Chat& chat) { return !chat.on_its_way; });
    if (held->since > now) return std::nullopt;
    held->on_its_way = true;
    held->since = now;
    --held_;
    return held->number;
  }
  if (!room() || schedule_.due(planned_) > now) return std::nullopt;
  const std::uint32_t number = ledger_.sent(member_, schedule_.due(planned_++));
  chats_.push_back({number, true, now});
  return number;
}

base::SteadyTime SendPlan::next_time() const {
  if (held_ > 0) {
    return std::find_if(chats_.begin(), chats_.end(),
                        [](const Chat& chat) { return !chat.on_its_way; })
        ->since;
  }
  return room() ? schedule_.due(planned_) : base::SteadyTime::max();
}

SendPlan::Chats::iterator SendPlan::find(std::uint32_t number) {
  return std::find_if(chats_.begin(), chats_.end(),
                      [number](const Chat& chat) { return chat.number == number; });
}

void SendPlan::answered(std::uint32_t number) {
  const auto chat = find(number);
  if (chat == chats_.end()) return;
  if (!chat->on_its_way) --held_;
  chats_.erase(chat);
}

void SendPlan::refused(std::uint32_t number, base::SteadyTime again_at) {
  const auto chat = find(number);
  if (chat == chats_.end() || !chat->on_its_way) return;
  chat->on_its_way = false;
  chat->since = again_at;
  ++held_;
}

void SendPlan::connection_lost() {
  if (!resend_) {
    for (const Chat& chat : chats_) ledger_.given_up(chat.number);
    chats_.clear();
  }
  for (Chat& chat : chats_) chat = {chat.number, false, {}};
  held_ = chats_.size();
}

base::SteadyTime SendPlan::waits_since() const {
  base::SteadyTime oldest = base::SteadyTime::max();
  for (const Chat& chat : chats_) {
    if (chat.on_its_way) oldest = std::min(oldest, chat.since);
  }
  return oldest;
}

}  // namespace chat::client::check

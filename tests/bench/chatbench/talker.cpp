#include "talker.h"

#include <algorithm>

namespace chat::bench {

std::uint32_t Talker::parts_of_message() const {
  const std::uint32_t ack = talk_.shard.options().relay ? 0 : 1;
  const auto deliveries = static_cast<std::uint32_t>(talk_.shard.options().fan_out());
  return ack + (talk_.counts_deliveries ? deliveries : 0);
}

std::size_t Talker::most_in_flight() const {
  const BenchOptions& options = talk_.shard.options();
  return options.open_loop() ? kMostSlots : std::min(options.window, kMostSlots);
}

void Talker::fill(Micros now) {
  while (window_open()) send(target_, now);
}

void Talker::send_due(Micros due) {
  if (waiting_.empty() && window_open()) return send(target_, due);
  waiting_.push_back({target_, due});
}

void Talker::send(std::uint32_t target, Micros intended) {
  const std::uint64_t number = ++number_;
  ++in_flight_;
  parts_[number % kMostSlots] = parts_of_message();
  talk_.writer.append(output(), id(), group_, target, {shard().run(), number, intended});
  shard().count(Count::kSent);
  if (shard().options().relay) shard().count(Count::kExpected, shard().options().fan_out());
}

void Talker::on_ack(const Stamp& stamp, bool accepted, Micros now) {
  if (accepted) shard().count(Count::kExpected, shard().options().fan_out());
  // What was refused won't reach anybody.
  part_done(stamp.number, accepted ? 1 : parts_of_message(), now);
}

void Talker::on_message(const Push& push, Micros now) {
  if (!talk_.counts_deliveries) return;
  if (Talker* sender = talk_.find(push.sender)) sender->part_done(push.stamp->number, 1, now);
}

// Messages to one target complete in the order of their numbers, so those in flight have numbers
// in a row. Acknowledgements alone may come in another order; but then there is one part.
void Talker::part_done(std::uint64_t number, std::uint32_t parts, Micros now) {
  if (parts_of_message() > 1) {
    std::uint32_t& left = parts_[number % kMostSlots];
    left -= std::min(left, parts);
    if (left > 0) return;
  }
  if (in_flight_ > 0) --in_flight_;
  if (!waiting_.empty()) {
    const Waiting next = waiting_.front();
    waiting_.pop_front();
    return send(next.target, next.due);
  }
  if (talk_.keeps_sending) send(target_, now);
}

}  // namespace chat::bench

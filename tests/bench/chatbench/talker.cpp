#include "talker.h"

#include <algorithm>

namespace chat::bench {

bool Talker::window_open() const {
  const BenchOptions& options = talk_.shard.options();
  return in_flight_ < (options.open_loop() ? kMostSlots : std::min(options.window, kMostSlots));
}

void Talker::fill(SteadyTime now) {
  while (window_open()) send({to_.target, to_.book, now});
}

void Talker::send_due(SteadyTime due) {
  const Chat chat{to_.target, to_.book, due};
  if (waiting_.empty() && window_open()) return send(chat);
  waiting_.push_back(chat);
}

void Talker::send(const Chat& chat) {
  Book& book = shard().books()[chat.book];
  const std::uint32_t number = book.ledger.sent(book.member(id()), chat.due);
  talk_.writer.append(output(), id(), chat.target, {shard().run(), chat.book, number});
  shard().count(Count::kSent);
  ++in_flight_;
  if (!shard().options().relay) return;
  // A relay acknowledges nothing, so a sent message counts as accepted.
  shard().count(Count::kExpected, book.ledger.recipients());
  book.ledger.acked(number, Seq{number} + 1);
  if (!talk_.counts_deliveries) --in_flight_;
}

void Talker::on_chat_answer(const Ledger::Step* step, SteadyTime now) {
  // A refused message will not reach anybody.
  if (step == nullptr || step->complete || !talk_.counts_deliveries) slot_free(now);
}

void Talker::on_chat(const Push& push, const Ledger::Step& step, SteadyTime now) {
  if (step.complete && talk_.counts_deliveries) talk_.find(push.sender).slot_free(now);
}

void Talker::slot_free(SteadyTime now) {
  if (in_flight_ > 0) --in_flight_;
  if (!waiting_.empty()) {
    const Chat next = waiting_.front();
    waiting_.pop_front();
    return send(next);
  }
  if (talk_.keeps_sending) send({to_.target, to_.book, now});
}

}  // namespace chat::bench

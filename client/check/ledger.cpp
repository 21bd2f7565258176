#include "client/check/ledger.h"

#include <algorithm>

namespace chat::client::check {
namespace {

// A seq this far past the messages sent is nonsense rather than a miscount, and is not recorded.
constexpr std::size_t kSlack = 1000;

template <typename T>
T at(const std::vector<T>& items, std::size_t index) {
  return index < items.size() ? items[index] : T{};
}

template <typename T>
T& grow_to(std::vector<T>& items, std::size_t index) {
  if (items.size() <= index) items.resize(index + 1);
  return items[index];
}

}  // namespace

std::uint32_t Ledger::sent(std::size_t sender, base::SteadyTime due) {
  messages_.push_back({due, static_cast<std::uint32_t>(sender), 0, 0, false, false, false});
  ++counts_.sent;
  ++unanswered_;
  return static_cast<std::uint32_t>(messages_.size() - 1);
}

Ledger::Message* Ledger::find(std::uint32_t number) {
  if (number < messages_.size()) return &messages_[number];
  ++counts_.unexpected;
  return nullptr;
}

void Ledger::end(Message& message) {
  if (!message.ended) --unanswered_;
  message.ended = true;
}

// 0 for a seq that this stream cannot have. Before the first seq seen there are at most all the
// messages sent so far.
Ledger::Place Ledger::place(Seq seq) {
  const auto sent = static_cast<Seq>(messages_.size());
  if (anywhere_ && !placed_ && seq > 0) base_ = std::max<Seq>(0, seq - sent);
  placed_ = placed_ || seq > 0;
  const Seq most = base_ + sent + static_cast<Seq>(kSlack);
  return seq > base_ && seq <= most ? static_cast<Place>(seq - base_) : 0;
}

Ledger::Step Ledger::step(const Message& message) const {
  return {true, message.acked && message.arrived == recipients(), message.due};
}

Ledger::Step Ledger::acked(std::uint32_t number, Seq seq) {
  Message* const message = find(number);
  if (message == nullptr) return {};
  const Place here = place(seq);
  if (here == 0) ++counts_.unexpected;
  if (message->acked) {
    if (message->acked_at != here) ++counts_.doubled;
    return {};
  }
  end(*message);
  message->acked = true;
  message->acked_at = here;
  ++counts_.acked;
  missing_ += recipients() - message->arrived;
  return step(*message);
}

void Ledger::refused(std::uint32_t number) {
  if (Message* const message = find(number)) message->retried = true;
  ++counts_.refused;
}

void Ledger::conflicting(std::uint32_t number) {
  if (Message* const message = find(number)) end(*message);
  ++counts_.conflicts;
}

void Ledger::failed(std::uint32_t number) {
  if (Message* const message = find(number)) end(*message);
  ++counts_.failed;
}

void Ledger::given_up(std::uint32_t number) {
  if (Message* const message = find(number)) end(*message);
}

Ledger::Step Ledger::delivered(std::size_t receiver, const Delivery& what) {
  const Place here = place(what.seq);
  if (here == 0 || what.number >= messages_.size() || receiver >= receivers_.size() ||
      receiver == what.sender || messages_[what.number].sender != what.sender) {
    ++counts_.unexpected;
    return {};
  }
  Receiver& to = receivers_[receiver];
  if (!take_place(to, here, what.number)) return {};
  Place& first = grow_to(to.place_of, what.number);
  if (first != 0) {
    ++counts_.doubled;
    return {};
  }
  first = here;
  Message& message = messages_[what.number];
  ++message.arrived;
  ++counts_.delivered;
  if (message.acked) --missing_;
  return step(message);
}

// False if the same push was seen before.
bool Ledger::take_place(Receiver& receiver, Place place, std::uint32_t number) {
  std::uint32_t& there = grow_to(receiver.at_place, place);
  if (there == number + 1) {
    ++counts_.repeats;
    return false;
  }
  if (there != 0) {
    ++counts_.unexpected;  // two messages under one seq
    return true;
  }
  there = number + 1;
  if (place < receiver.highest) ++counts_.reordered;
  receiver.highest = std::max(receiver.highest, place);
  return true;
}

Verdict Ledger::verdict() const {
  Verdict out = counts_;
  const std::vector<std::uint32_t> stream = whole_stream(out);
  for (std::uint32_t number = 0; number < messages_.size(); ++number) judge_message(number, out);
  judge_order(stream, out);
  for (std::size_t i = 0; i < receivers_.size(); ++i) judge_holes(i, stream, out);
  out.unanswered = unanswered_;
  return out;
}

std::vector<std::uint32_t> Ledger::whole_stream(Verdict& verdict) const {
  std::vector<std::uint32_t> stream;
  for (std::uint32_t number = 0; number < messages_.size(); ++number) {
    const Place place = messages_[number].acked_at;
    if (place == 0) continue;
    std::uint32_t& there = grow_to(stream, place);
    if (there != 0) ++verdict.unexpected;  // two acks name one seq
    there = number + 1;
  }
  for (const Receiver& receiver : receivers_) {
    for (std::size_t place = 1; place < receiver.at_place.size(); ++place) {
      std::uint32_t& there = grow_to(stream, place);
      if (there == 0) there = receiver.at_place[place];
    }
  }
  return stream;
}

void Ledger::judge_message(std::uint32_t number, Verdict& verdict) const {
  const Message& message = messages_[number];
  bool arrived = false;
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    if (i == message.sender) continue;
    const Place first = at(receivers_[i].place_of, number);
    arrived = arrived || first != 0;
    if (message.acked && first == 0) ++verdict.lost;
    if (message.acked_at == 0 || first == 0) continue;
    // Its ack named a seq under which it was not delivered.
    const bool as_acked =
        first == message.acked_at || at(receivers_[i].at_place, message.acked_at) == number + 1;
    if (!as_acked) ++verdict.doubled;
  }
  if (!message.acked && arrived) ++verdict.recovered;
}

// The messages of one member must be numbered in the order of sending.
void Ledger::judge_order(const std::vector<std::uint32_t>& stream, Verdict& verdict) const {
  std::vector<std::uint32_t> last(receivers_.size(), 0);
  for (const std::uint32_t there : stream) {
    if (there == 0 || messages_[there - 1].retried) continue;
    std::uint32_t& before = last[messages_[there - 1].sender];
    if (there < before) ++verdict.reordered;
    before = std::max(before, there);
  }
}

void Ledger::judge_holes(std::size_t receiver, const std::vector<std::uint32_t>& stream,
                         Verdict& verdict) const {
  const Receiver& to = receivers_[receiver];
  bool in_hole = false;
  Place begin = 1;
  if (anywhere_) {
    while (begin < to.highest && at(stream, begin) == 0) ++begin;
  }
  for (Place place = begin; place < to.highest; ++place) {
    const std::uint32_t there = at(stream, place);
    const bool own = there != 0 && messages_[there - 1].sender == receiver;
    const bool hole = at(to.at_place, place) == 0 && !own;
    if (hole && !in_hole) ++verdict.gaps;
    in_hole = hole;
  }
}

}  // namespace chat::client::check

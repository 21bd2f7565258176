#include "client/load/acknowledgements.h"

#include <algorithm>

namespace chat::client::load {

void Acknowledgements::clear() {
  streams_.clear();
  owed_.clear();
  last_ = 0;
}

void Acknowledgements::arrived(Target stream, Seq seq) {
  last_ = index_of(stream);
  Stream& entry = streams_[last_];
  entry.highest = std::max(entry.highest, seq);
  if (!entry.owed) owed_.push_back(last_);
  entry.owed = true;
}

std::size_t Acknowledgements::index_of(Target stream) {
  if (last_ < streams_.size() && streams_[last_].name == stream) return last_;
  const auto found = std::find_if(streams_.begin(), streams_.end(),
                                  [&](const Stream& each) { return each.name == stream; });
  if (found != streams_.end()) return static_cast<std::size_t>(found - streams_.begin());
  streams_.push_back({.name = stream});
  return streams_.size() - 1;
}

}  // namespace chat::client::load

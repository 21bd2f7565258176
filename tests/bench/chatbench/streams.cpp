#include "streams.h"

#include <algorithm>

namespace chat::bench {
namespace {

Streams::Verdict judge_seq(Streams::Stream& stream, std::int64_t seq, bool may_have_holes) {
  Streams::Verdict verdict;
  verdict.before = stream.seq;
  if (stream.seq != 0 && seq <= stream.seq) {
    verdict.reordered = stream.missing > 0 && seq != stream.seq;
    verdict.doubled = !verdict.reordered;
    verdict.fresh = verdict.reordered;
    if (verdict.reordered) --stream.missing;
    return verdict;
  }
  if (stream.seq != 0 && !may_have_holes) {
    verdict.gap = static_cast<std::uint64_t>(seq - stream.seq - 1);
    stream.missing += verdict.gap;
  }
  stream.seq = seq;
  return verdict;
}

}  // namespace

Streams::Verdict Streams::take(const Push& push, std::uint32_t run, bool may_have_holes) {
  const std::size_t index = index_of(push);
  Stream& stream = streams_[index];
  if (!stream.owed) {
    stream.owed = true;
    owed_.push_back(index);
  }
  const bool ours = push.stamp && push.stamp->run == run;
  const bool judged = ours && stream.ours && !may_have_holes;
  stream.ours = ours;
  Verdict verdict = judge_seq(stream, push.seq, !judged);
  if (!ours || push.group != 0 || !verdict.fresh || verdict.reordered) return verdict;
  if (push.stamp->number <= stream.number) {
    verdict.doubled = true;
    verdict.fresh = false;
  } else {
    stream.number = push.stamp->number;
  }
  return verdict;
}

void Streams::clear() {
  streams_.clear();
  owed_.clear();
  last_ = 0;
}

std::size_t Streams::index_of(const Push& push) {
  const bool group = push.group != 0;
  const std::int64_t peer = group ? push.group : push.sender;
  const auto is_it = [&](const Stream& s) { return s.peer == peer && s.group == group; };
  if (last_ < streams_.size() && is_it(streams_[last_])) return last_;
  const auto found = std::find_if(streams_.begin(), streams_.end(), is_it);
  last_ = static_cast<std::size_t>(found - streams_.begin());
  if (found != streams_.end()) return last_;
  Stream made;
  made.group = group;
  made.peer = peer;
  streams_.push_back(made);
  return last_;
}

}  // namespace chat::bench

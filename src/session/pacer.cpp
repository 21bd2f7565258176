#include "session/pacer.h"

#include <utility>

namespace chat::session {
namespace {

// The replies to login and register: `{"msgid":2,"errno":…`, whatever the numbering.
bool is_answer(std::string_view frame) {
  const std::size_t comma = frame.find(',');
  return comma != std::string_view::npos && frame.substr(comma).starts_with(",\"errno\":");
}

}  // namespace

void Pacer::add(std::string_view frames) {
  while (!frames.empty()) {
    const auto nul = frames.find('\0');
    const auto size = nul == std::string_view::npos ? frames.size() : nul + 1;
    frames_.emplace_back(frames.substr(0, size));
    frames.remove_prefix(size);
  }
}

std::optional<std::string> Pacer::take(base::SteadyTime now) {
  const auto next = due();
  if (!next || now < *next) return std::nullopt;
  std::string frame = std::move(frames_.front());
  frames_.pop_front();
  last_ = now;
  after_answer_ = is_answer(frame);
  return frame;
}

std::optional<base::SteadyTime> Pacer::due() const {
  if (frames_.empty()) return std::nullopt;
  if (last_ == base::SteadyTime{}) return last_;
  return last_ + (after_answer_ && !is_answer(frames_.front()) ? kGapAfterAnswer : kGap);
}

std::size_t Pacer::drop_pushes() {
  std::size_t bytes = 0;
  std::erase_if(frames_, [&bytes](const std::string& frame) {
    if (is_answer(frame)) return false;
    bytes += frame.size();
    return true;
  });
  return bytes;
}

}  // namespace chat::session

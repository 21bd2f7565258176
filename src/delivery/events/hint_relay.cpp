// Nodes exchange more than messages: presence and receipts. That state is in the tables too, but it
// is too much to be re-read periodically. So every node keeps recent hints for a while, as keys
// without state, each with a growing number. While the bus is impaired between any two nodes, every
// node writes these keys into its own row of `nodehint` and reads the rows of the others once per
// kInterval. The reader takes the keys with numbers above the last one it has seen, looks up the
// current state in the tables and informs its own users.
//
// - Hints sent before a node noticed that the bus is impaired are included, because they are kept
//   longer than noticing takes; during a database outage, until the database is back and the nodes
//   have noticed (HintRetention).
// - A key that also arrived over the bus, or is read twice, does no harm: the current state is sent
//   again, never an old one, because a key carries no state.
// - For one-time events (a friend was added, a member joined) no table records the addressees. Such
//   a hint carries the push itself, and the receiver remembers for kTaken which events it has
//   already received, over the bus or as a hint. Each event has a mark, because the same push may
//   be right twice: a member who leaves and joins again.
// - A node's row is emptied when its hints are too old to be kept: whoever reads it for the first
//   time, after a restart or in a later impairment, must not take old events for new ones.
// - Apart from that, while the bus is healthy nothing is written or read.
#include "delivery/events/hint_relay.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "chat/base/log.h"
#include "chat/storage/hint_model.h"

namespace chat::delivery {
namespace {

using std::chrono::steady_clock;

// The text of a row: "<number> <kind> <id> <other>\n" or, for a one-time event,
// "<number> <kind> <id> <other> <mark> <push>\n" for each hint, in ascending order of numbers.
void append_line(std::string& text, std::int64_t number, const Hint& hint) {
  text.append(std::to_string(number)).append(1, ' ').append(1, static_cast<char>(hint.kind));
  text.append(1, ' ').append(std::to_string(hint.id));
  text.append(1, ' ').append(std::to_string(hint.other));
  if (!hint.push.empty()) {
    text.append(1, ' ').append(std::to_string(hint.mark));
    text.append(1, ' ').append(hint.push);  // JSON has no line ends
  }
  text.append(1, '\n');
}

bool is_of_typing(const Hint& hint) {
  return hint.kind == Hint::Kind::kTyping || hint.kind == Hint::Kind::kGroupTyping;
}

template <typename Number>
bool take_number(std::string_view& line, Number& number) {
  const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc()) return false;
  line.remove_prefix(static_cast<std::size_t>(stop - line.data()));
  if (line.starts_with(' ')) line.remove_prefix(1);
  return true;
}

bool parse_line(std::string_view line, std::int64_t& number, Hint& hint) {
  if (!take_number(line, number) || line.size() < 2) return false;
  hint.kind = static_cast<Hint::Kind>(line.front());
  line.remove_prefix(2);
  if (!take_number(line, hint.id) || !take_number(line, hint.other)) return false;
  if (!line.empty() && !take_number(line, hint.mark)) return false;
  hint.push = line;
  return true;
}

}  // namespace

std::size_t HintRelay::KeyHash::operator()(const Hint& hint) const noexcept {
  const auto ids = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(hint.id)) << 32) |
                   static_cast<std::uint32_t>(hint.other);
  return static_cast<std::size_t>((ids ^ static_cast<std::uint64_t>(hint.kind)) *
                                  0x9E3779B97F4A7C15ULL) ^
         std::hash<std::string>{}(hint.push) ^ std::hash<std::int64_t>{}(hint.mark);
}

void HintRelay::start(const storage::Node& node, HintListener& listener) {
  node_ = node;
  listener_ = &listener;
  {
    base::MutexLock lock(mutex_);
    keeping_ = true;
  }
  thread_ = base::Thread("hint-relay", [this] { work(); });
}

void HintRelay::stop() {
  stop_.raise();
  thread_.join();
}

void HintRelay::note(const Hint& hint) {
  base::MutexLock lock(mutex_);
  if (!keeping_) return;
  const auto now = steady_clock::now();
  if (now - pruned_at_ > kInterval) prune_locked(now);
  const auto known = hints_.find(hint);
  if (known != hints_.end()) {
    known->second = {++last_number_, now};
    return;
  }
  if (hints_.size() >= kHintsMax || push_bytes_ + hint.push.size() > kPushBytesMax) return;
  push_bytes_ += hint.push.size();
  hints_[hint] = {++last_number_, now};
}

bool HintRelay::take(const Hint& event) {
  base::MutexLock lock(mutex_);
  const auto now = steady_clock::now();
  if (now - taken_pruned_at_ > kInterval) {
    taken_pruned_at_ = now;
    std::erase_if(taken_, [now](const auto& entry) { return now - entry.second > kTaken; });
  }
  if (taken_.contains(event)) return false;
  if (taken_.size() < kHintsMax) taken_.emplace(event, now);
  return true;
}

void HintRelay::prune_locked(Time now) {
  pruned_at_ = now;
  std::size_t bytes_left = 0;
  std::erase_if(hints_, [now, &bytes_left, retention = retention_](const auto& entry) {
    const bool old = retention.is_over(entry.second.at, now);
    if (!old) bytes_left += entry.first.push.size();
    return old;
  });
  push_bytes_ = bytes_left;
}

void HintRelay::work() {
  while (!stop_.wait_for(kInterval)) {
    look_for_outage();
    const bool impaired = health_.impaired();
    auto done = impaired ? write() : clear_old();
    if (done && impaired) done = read();
    const bool failed_before = std::exchange(failing_, !done);
    if (failing_ && !failed_before) {
      log::warn("event=hints_failed what={}", log::quoted(done.error().message));
    }
  }
}

void HintRelay::look_for_outage() {
  const auto now = steady_clock::now();
  if (!failing_ && now - health_.rows_read_at() < kOutageAfter) return;
  base::MutexLock lock(mutex_);
  retention_.note_outage(now);
}

// A lost answer does not matter: the write is repeated.
Result<void> HintRelay::write() {
  std::int64_t newest = 0;
  const std::string hints = take_recent(newest);
  const bool have_run_out = hints.empty() && row_filled_at_;
  if (newest == written_ && !have_run_out) return {};
  return write_row(newest, hints);
}

// The hints that were written last are the newest of the row.
Result<void> HintRelay::clear_old() {
  if (!row_filled_at_) return {};
  {
    base::MutexLock lock(mutex_);
    if (!retention_.is_over(*row_filled_at_, steady_clock::now())) return {};
  }
  return write_row(written_, "");
}

Result<void> HintRelay::write_row(std::int64_t newest, std::string_view hints) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  // If the answer is lost, the row may have the hints all the same.
  if (!hints.empty()) row_filled_at_ = steady_clock::now();
  auto written = storage::HintModel(**lease).write(node_, newest, hints);
  if (!written) return written;
  written_ = newest;
  if (hints.empty()) row_filled_at_.reset();
  return {};
}

std::string HintRelay::take_recent(std::int64_t& newest) {
  std::vector<std::pair<std::int64_t, Hint>> recent;
  {
    base::MutexLock lock(mutex_);
    newest = last_number_;
    const auto now = steady_clock::now();
    prune_locked(now);
    for (const auto& [hint, noted] : hints_) {
      if (is_of_typing(hint) && now - noted.at > kTypingAge) continue;
      recent.emplace_back(noted.number, hint);
    }
  }
  std::sort(recent.begin(), recent.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [number, hint] : recent) append_line(text, number, hint);
  return text;
}

Result<void> HintRelay::read() {
  for (const storage::Node& node : health_.living()) {
    if (auto done = read_of(node); !done) return done;
  }
  return {};
}

Result<void> HintRelay::read_of(const storage::Node& node) {
  Read& last = read_[node.id];
  if (last.epoch != node.epoch) last = {node.epoch, 0};
  Result<std::optional<std::string>> text;
  {
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    text = storage::HintModel(**lease).read(node, last.number);
  }
  if (!text) return fail(text);
  if (!text->has_value()) return {};
  std::vector<Hint> hints;
  std::int64_t newest = last.number;
  for (std::string_view rest = **text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    std::int64_t number = 0;
    Hint hint;
    if (parse_line(rest.substr(0, end), number, hint) && number > last.number) {
      hints.push_back(hint);
      newest = std::max(newest, number);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!hints.empty()) {
    if (auto told = listener_->on_hints(hints); !told) return told;
  }
  last.number = newest;
  return {};
}

}  // namespace chat::delivery

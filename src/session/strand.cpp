#include "chat/session/strand.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/base/queue_wait.h"
#include "chat/net/event_loop.h"

namespace chat::session {
namespace {

// After this many inputs a strand goes to the back of the workers' queue.
constexpr int kInputsPerTurn = 64;
constexpr int kBlockingInputsPerTurn = 1;

constinit log::Limiter failed_inputs{log::kUsualLines};

// The end of a conversation waits for the pending commits, and for nothing else.
bool ends_conversation(const Input& input) {
  if (std::holds_alternative<RoutedRequest>(input)) return false;
  const auto* fault = std::get_if<Fault>(&input);
  return fault == nullptr || fault->refusal.code == protocol::Errno::kTooLarge;
}

}  // namespace

bool blocks(const Input& input) {
  const auto* request = std::get_if<RoutedRequest>(&input);
  return request != nullptr && request->traits->blocks;
}

void Strand::append(std::vector<Input>&& inputs) {
  if (inputs.empty()) return;
  base::MutexLock lock(mutex_);
  append_locked(std::move(inputs));
  kick_locked();
}

void Strand::append_in_loop(net::EventLoop& loop, std::vector<Input>&& inputs) {
  if (inputs.empty()) return;
  {
    base::MutexLock lock(mutex_);
    append_locked(std::move(inputs));
    if (active_ || !runnable_locked()) return;
    active_ = true;
    if (next_blocks_locked()) return post_locked();
  }
  try {
    loop.hand_over(workers_.quick, turn(false));
  } catch (...) {
    // No turn was queued; the next append must queue one.
    base::MutexLock lock(mutex_);
    active_ = false;
    throw;
  }
}

void Strand::append_locked(std::vector<Input>&& inputs) {
  if (queue_ == nullptr) {
    queue_ = std::make_unique<Queue>(Queue{std::move(inputs)});
  } else {
    queue_->inputs.insert(queue_->inputs.end(), std::make_move_iterator(inputs.begin()),
                          std::make_move_iterator(inputs.end()));
  }
  if (queue_->size() > kQueueHigh) is_long_.store(true, std::memory_order_release);
}

void Strand::append_locked(Input&& input) {
  if (queue_ == nullptr) queue_ = std::make_unique<Queue>();
  queue_->inputs.push_back(std::move(input));
}

void Strand::append(Input&& input) {
  base::MutexLock lock(mutex_);
  append_locked(std::move(input));
  kick_locked();
}

void Strand::replace_all(Input&& input) {
  base::MutexLock lock(mutex_);
  queue_.reset();
  append_locked(std::move(input));
  kick_locked();
}

void Strand::suspend() {
  base::MutexLock lock(mutex_);
  suspended_ = true;
}

// `rest` may hold the owner, which holds this strand: if the workers have stopped, it must be
// released.
void Strand::resume(base::Task rest) {
  const auto self = owner_.keep_alive();
  base::Task abandoned;
  base::MutexLock lock(mutex_);
  suspended_ = false;
  rest_ = std::move(rest);
  kick_locked();
  if (!active_) abandoned = std::exchange(rest_, {});
}

void Strand::commit_ended() {
  const int left = commits_.fetch_sub(1, std::memory_order_acq_rel) - 1;
  // The counter falls one by one, so a strand that pauses at the maximum is woken at half of it,
  // and one that waits for all commits at 0.
  if (left == 0 || left == kCommitsMax / 2) kick();
}

void Strand::kick() {
  base::MutexLock lock(mutex_);
  kick_locked();
}

void Strand::work(bool blocking) {
  Input input;
  base::Task rest;
  const int most = blocking ? kBlockingInputsPerTurn : kInputsPerTurn;
  for (int turn = 0; turn < most;) {
    const Step step = take(blocking, input, rest);
    if (step == Step::kElsewhere) break;
    if (step == Step::kNothing) {
      owner_.flush_replies();
      if (rest_if_idle()) return;
      continue;
    }
    ++turn;
    run(step, std::move(input), std::exchange(rest, {}));
  }
  owner_.flush_replies();
  if (rest_if_idle()) return;
  base::Task abandoned;
  base::MutexLock lock(mutex_);
  post_locked();
  if (!active_) abandoned = std::exchange(rest_, {});
}

// An exception ends only this input; the strand goes on to the next.
void Strand::run(Step step, Input&& input, base::Task rest) {
  try {
    if (step == Step::kRest) {
      rest();
    } else {
      owner_.run(std::move(input));
    }
  } catch (...) {
    log::limited_exception(failed_inputs, "event=request_failed");
  }
}

Strand::Step Strand::take(bool blocking, Input& input, base::Task& rest) {
  bool became_short = false;
  {
    base::MutexLock lock(mutex_);
    if (!runnable_locked()) return Step::kNothing;
    if (next_blocks_locked() != blocking) return Step::kElsewhere;
    if (rest_) {
      rest = std::exchange(rest_, {});
      return Step::kRest;
    }
    input = std::move(queue_->inputs[queue_->head++]);
    blocking_ = blocking;
    trim_locked();
    became_short = is_long() && queued_locked() <= kQueueLow;
    if (became_short) is_long_.store(false, std::memory_order_release);
  }
  if (became_short) owner_.on_queue_short();
  return Step::kInput;
}

void Strand::trim_locked() {
  std::vector<Input>& inputs = queue_->inputs;
  const std::size_t head = queue_->head;
  if (head == inputs.size()) {
    queue_.reset();
  } else if (head >= kQueueHigh && head >= inputs.size() / 2) {
    // With a client that never pauses, the queue never runs empty.
    inputs.erase(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(head));
    queue_->head = 0;
  }
}

bool Strand::rest_if_idle() {
  base::MutexLock lock(mutex_);
  if (runnable_locked()) return false;
  active_ = false;
  return true;
}

bool Strand::runnable_locked() const {
  if (rest_) return true;
  if (suspended_ || queue_ == nullptr) return false;
  const Input& next = queue_->inputs[queue_->head];
  const int commits = commits_.load(std::memory_order_acquire);
  if (ends_conversation(next)) return commits == 0;
  if (blocks(next) && commits > 0) return false;
  return commits < kCommitsMax && !owner_.must_wait(next);
}

// The rest of an input runs in the pool in which the input began.
bool Strand::next_blocks_locked() const {
  if (rest_ || queue_ == nullptr) return blocking_;
  return blocks(queue_->inputs[queue_->head]);
}

void Strand::kick_locked() {
  if (active_ || !runnable_locked()) return;
  active_ = true;
  post_locked();
}

void Strand::post_locked() {
  const bool blocking = next_blocks_locked();
  base::WorkerPool& workers = blocking ? workers_.blocking : workers_.quick;
  // Refused only once the workers have stopped; nothing runs any more then.
  bool posted = false;
  try {
    posted = workers.try_post(turn(blocking));
  } catch (...) {
    active_ = false;
    throw;
  }
  if (!posted) active_ = false;
}

base::Task Strand::turn(bool blocking) {
  const auto posted = base::QueueWait::Clock::now();
  return base::Task([self = owner_.keep_alive(), this, blocking, posted] {
    const base::QueueWait wait(posted);
    work(blocking);
  });
}

}  // namespace chat::session

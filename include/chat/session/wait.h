#pragma once

#include <atomic>
#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "chat/base/check.h"
#include "chat/session/coroutine.h"
#include "chat/session/strand.h"

namespace chat::session {

// Of a wait that only tells that something has happened.
struct Done {};

namespace detail {

// What a wait and the answers to it share.
class Waiting : public std::enable_shared_from_this<Waiting> {
 public:
  explicit Waiting(Strand& strand) : strand_(strand), keep_alive_(strand.keep_alive()) {}
  ~Waiting() {
    if (outermost_ != nullptr) outermost_->self.destroy();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  // False: somebody else did.
  bool settle() { return !settled_.exchange(true); }
  // After settle(): the strand continues, with what waits or without it.
  void go_on() {
    strand_.resume([self = shared_from_this()] { self->continue_chain(); });
  }
  void let_go() { strand_.resume({}); }
  // On the strand.
  void await(std::coroutine_handle<> innermost, Promise& outermost) {
    innermost_ = innermost;
    outermost_ = &outermost;
  }

 private:
  void continue_chain() {
    if (outermost_ == nullptr) return;  // who waited has gone on without the answer
    Promise& outermost = *std::exchange(outermost_, nullptr);
    run_chain(innermost_, outermost);
  }

  Strand& strand_;
  const std::shared_ptr<void> keep_alive_;  // of the strand
  std::atomic<bool> settled_{false};
  std::coroutine_handle<> innermost_{};
  Promise* outermost_ = nullptr;  // owns the chain while it waits here
};

template <typename T>
struct WaitingFor final : Waiting {
  using Waiting::Waiting;
  std::optional<T> value{};
};

}  // namespace detail

// Continues whoever waits, on its strand. Only the first answer counts.
// Threading: thread-safe, and may be called before the wait begins. Ownership: see coroutine.h.
template <typename T>
class Answer {
 public:
  explicit Answer(std::shared_ptr<detail::WaitingFor<T>> waiting) : waiting_(std::move(waiting)) {}

  // False: it comes too late, and `value` is untouched.
  bool operator()(T&& value) const {
    if (!waiting_->settle()) return false;
    waiting_->value = std::move(value);
    waiting_->go_on();
    return true;
  }
  bool operator()() const requires std::is_same_v<T, Done> { return (*this)(Done{}); }

 private:
  std::shared_ptr<detail::WaitingFor<T>> waiting_;
};

// Ends a wait without an answer, from any thread, if it is still under way.
class GiveUp {
 public:
  GiveUp() = default;
  explicit GiveUp(std::weak_ptr<detail::Waiting> waiting) : waiting_(std::move(waiting)) {}

  // False: it was over.
  bool operator()() const {
    const auto waiting = waiting_.lock();
    if (waiting == nullptr || !waiting->settle()) return false;
    waiting->go_on();
    return true;
  }

 private:
  std::weak_ptr<detail::Waiting> waiting_;
};

// One wait of a coroutine on a strand, from its construction on: nothing else of the strand runs
// until it is answered. In this order: make it, give answer() to whoever will call it, `co_await`.
// The result is empty when the wait was given up.
// Threading: the strand's.
template <typename T>
class [[nodiscard]] Wait {
 public:
  explicit Wait(Strand& strand) : waiting_(std::make_shared<detail::WaitingFor<T>>(strand)) {
    strand.suspend();
  }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() { (void)cancel(); }

  Answer<T> answer() const { return Answer<T>(waiting_); }
  GiveUp give_up() const { return GiveUp(waiting_); }

  // It turned out that there is nothing to wait for: the coroutine goes on as it is. False: it has
  // an answer, or was given up; co_await tells.
  bool cancel() {
    if (waiting_ == nullptr || !waiting_->settle()) return false;
    std::exchange(waiting_, nullptr)->let_go();
    return true;
  }

  bool await_ready() const noexcept { return false; }
  // From the end of this on the chain belongs to the answers. It may be gone by then, so nothing of
  // the frame is touched after that.
  template <typename P>
  void await_suspend(std::coroutine_handle<P> innermost) {
    CHAT_CHECK(waiting_ != nullptr);
    const auto waiting = std::exchange(waiting_, nullptr);
    result_ = waiting.get();
    waiting->await(innermost, *innermost.promise().outermost);
  }
  // Whoever continues the chain holds what the answer is in.
  std::optional<T> await_resume() { return std::move(result_->value); }

 private:
  std::shared_ptr<detail::WaitingFor<T>> waiting_;
  detail::WaitingFor<T>* result_ = nullptr;
};

}  // namespace chat::session

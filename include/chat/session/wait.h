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

// The result of a wait that carries no value.
struct Done {};

namespace detail {

// State shared by a wait and the answers to it.
class Waiting : public std::enable_shared_from_this<Waiting> {
 public:
  explicit Waiting(Strand& strand) : strand_(strand), keep_alive_(strand.keep_alive()) {}
  ~Waiting() {
    if (outermost_ != nullptr) outermost_->self.destroy();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  // False if it was settled already.
  bool settle() { return !settled_.exchange(true); }
  // After settle(): resumes the strand, with the waiting chain or without it.
  void go_on() {
    strand_.resume([self = shared_from_this()] { self->continue_chain(); });
  }
  void let_go() { strand_.resume({}); }
  // Called on the strand.
  void await(std::coroutine_handle<> innermost, Promise& outermost) {
    innermost_ = innermost;
    outermost_ = &outermost;
  }

 private:
  void continue_chain() {
    if (outermost_ == nullptr) return;  // the coroutine went on without the answer
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

// Resumes the waiting coroutine on its strand. Only the first answer counts.
// Threading: thread-safe; may be called before the wait begins. Ownership: see coroutine.h.
template <typename T>
class Answer {
 public:
  explicit Answer(std::shared_ptr<detail::WaitingFor<T>> waiting) : waiting_(std::move(waiting)) {}

  // False if it comes too late; `value` is untouched then.
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

// Ends a wait without an answer, from any thread, if it has not ended yet.
class GiveUp {
 public:
  GiveUp() = default;
  explicit GiveUp(std::weak_ptr<detail::Waiting> waiting) : waiting_(std::move(waiting)) {}

  // False if the wait was over.
  bool operator()() const {
    const auto waiting = waiting_.lock();
    if (waiting == nullptr || !waiting->settle()) return false;
    waiting->go_on();
    return true;
  }

 private:
  std::weak_ptr<detail::Waiting> waiting_;
};

// One wait of a coroutine. From its construction on, nothing else on the strand runs until it is
// answered. Use it in this order: construct it, pass answer() to the code that will call it, then
// `co_await`. The result is empty if the wait was given up.
// Threading: confined to the strand.
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

  // There is nothing to wait for after all; the coroutine goes on. False if the wait was already
  // answered or given up; co_await tells which.
  bool cancel() {
    if (waiting_ == nullptr || !waiting_->settle()) return false;
    std::exchange(waiting_, nullptr)->let_go();
    return true;
  }

  bool await_ready() const noexcept { return false; }
  // The last line passes the chain to the answers. It may be destroyed at once, so nothing may
  // touch the frame afterwards.
  template <typename P>
  void await_suspend(std::coroutine_handle<P> innermost) {
    CHAT_CHECK(waiting_ != nullptr);
    const auto waiting = std::exchange(waiting_, nullptr);
    result_ = waiting.get();
    waiting->await(innermost, *innermost.promise().outermost);
  }
  // The code that resumes the chain keeps the result alive.
  std::optional<T> await_resume() { return std::move(result_->value); }

 private:
  std::shared_ptr<detail::WaitingFor<T>> waiting_;
  detail::WaitingFor<T>* result_ = nullptr;
};

}  // namespace chat::session

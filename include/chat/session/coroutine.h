#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "chat/base/check.h"

// Coroutines for requests that wait.
//
// A request that waits for other threads (a password hash, a batch of the database, a loop) is a
// coroutine on its session's strand. Between two waits it runs like any input; while it waits, no
// other input of the session runs. It starts at once, and suspends only in Wait (wait.h) or while
// it awaits another coroutine.
//
// Ownership: a chain of coroutines belongs to whatever will continue it: while it runs, to the
// current turn of the strand; while it waits, to the callback that will bring the answer. If the
// last copy of that callback is destroyed unused (the server has stopped), the whole chain is
// destroyed on that thread, and with it the sessions that its frames hold.
//
// Coroutines take parameters by value, or by reference to objects that outlive them: a reference to
// a caller's temporary would dangle after the first wait. An exception leaves a coroutine as it
// leaves a function. Do not write co_await inside a conditional expression: g++ 12 destroys the
// result of `c ? co_await a : …` twice.
namespace chat::session {

template <typename T = void>
class Coroutine;

namespace detail {

// Tells the turn that runs a chain whether the chain has ended. It lives on that turn's stack,
// because a chain that waits again may be continued or destroyed elsewhere before the turn is over.
struct ChainEnd {
  bool reached = false;
  std::exception_ptr thrown{};
};

struct Promise {
  std::coroutine_handle<> self{};
  std::coroutine_handle<> caller{};  // awaits this one; null for the outermost
  Promise* outermost = this;
  ChainEnd* end = nullptr;  // set in the outermost while its chain runs
  std::exception_ptr thrown{};

  struct AtEnd {
    bool await_ready() const noexcept { return false; }
    template <typename P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> handle) const noexcept {
      Promise& promise = handle.promise();
      if (promise.caller) return promise.caller;
      promise.end->reached = true;
      promise.end->thrown = std::move(promise.thrown);
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  AtEnd final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <typename T>
struct PromiseOf : Promise {
  std::optional<T> value{};

  Coroutine<T> get_return_object();
  void return_value(T result) { value = std::move(result); }
  T take() { return std::move(*value); }
};

template <>
struct PromiseOf<void> : Promise {
  Coroutine<void> get_return_object();
  void return_void() const noexcept {}
  void take() const noexcept {}
};

// Resumes a chain at `innermost` and runs it until it waits again or ends. Takes ownership of the
// chain. Rethrows what its outermost coroutine threw.
inline void run_chain(std::coroutine_handle<> innermost, Promise& outermost) {
  const std::coroutine_handle<> chain = outermost.self;
  ChainEnd end;
  outermost.end = &end;
  innermost.resume();
  if (!end.reached) return;
  chain.destroy();
  if (end.thrown) std::rethrow_exception(end.thrown);
}

}  // namespace detail

// A coroutine's result: `co_await` it once from another coroutine, or pass it to start().
// Threading: confined to a strand. Ownership: owns the coroutine until it has been awaited to its
// end or started.
template <typename T>
class [[nodiscard]] Coroutine {
 public:
  using promise_type = detail::PromiseOf<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Coroutine(Handle handle) : handle_(handle) {}
  Coroutine(Coroutine&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Coroutine& operator=(Coroutine&&) = delete;
  ~Coroutine() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <typename P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> caller) noexcept {
    handle_.promise().caller = caller;
    handle_.promise().outermost = caller.promise().outermost;
    return handle_;
  }
  T await_resume() {
    promise_type& promise = handle_.promise();
    if (promise.thrown) std::rethrow_exception(promise.thrown);
    return promise.take();
  }

  Handle release() { return std::exchange(handle_, {}); }

 private:
  Handle handle_;
};

// Runs a coroutine that no other one awaits, up to its first wait. Propagates an exception thrown
// before that wait; a later one ends the input that the strand is running.
inline void start(Coroutine<> coroutine) {
  const auto handle = coroutine.release();
  detail::run_chain(handle, handle.promise());
}

namespace detail {

template <typename T>
Coroutine<T> PromiseOf<T>::get_return_object() {
  const auto handle = Coroutine<T>::Handle::from_promise(*this);
  self = handle;
  return Coroutine<T>(handle);
}

inline Coroutine<void> PromiseOf<void>::get_return_object() {
  const auto handle = Coroutine<void>::Handle::from_promise(*this);
  self = handle;
  return Coroutine<void>(handle);
}

}  // namespace detail

}  // namespace chat::session

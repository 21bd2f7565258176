#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "chat/base/check.h"

// Requests that wait, as straight lines.
//
// A request that needs others (the hash threads, a batch of the database, a loop) is a coroutine
// that runs on its session's strand: between two waits like any input, and while it waits no other
// input of the session runs. It starts at once and waits only by Wait (wait.h) or for another
// coroutine.
//
// Ownership: who is to continue a chain of coroutines owns it. Running, that is the turn of the
// strand; waiting, it is what holds the answer's callback. When the last copy of that callback goes
// unused (the server has stopped), the whole chain is destroyed, on whichever thread that happens,
// and with it the sessions that its frames hold.
//
// Parameters of coroutines are values or outlive them: a reference to an argument of the caller
// would dangle after the first wait. What is thrown ends a coroutine as it ends a function. No
// co_await stands in a conditional expression: g++ 12 destroys the result of `c ? co_await a : …`
// twice.
namespace chat::session {

template <typename T = void>
class Coroutine;

namespace detail {

// What the turn that runs a chain learns of its end. On that turn's stack: when a chain waits
// again, it may be continued or destroyed elsewhere before the turn is over.
struct ChainEnd {
  bool reached = false;
  std::exception_ptr thrown{};
};

struct Promise {
  std::coroutine_handle<> self{};
  std::coroutine_handle<> caller{};  // the coroutine that waits for this one; none: the outermost
  Promise* outermost = this;
  ChainEnd* end = nullptr;  // of the outermost, while its chain runs
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

// Continues a chain where `innermost` waits, until it waits again or ends. Throws what its
// outermost coroutine threw. Takes ownership of the chain.
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

// The result of a coroutine: `co_await` it once, in another coroutine, or start() it.
// Threading: a strand's. Ownership: owns the coroutine until it is awaited to its end, or started.
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

// Runs a coroutine that nobody waits for, up to its first wait. Throws what it throws until then;
// what it throws later ends the turn of the strand that it runs in.
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

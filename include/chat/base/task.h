#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace chat::base {

// A call to be made once, on another thread: a std::function<void()> that may own move-only
// objects. Empty by default. Externally synchronised.
class Task {
 public:
  Task() = default;
  template <typename F>
  requires(!std::is_same_v<std::decay_t<F>, Task>)
      Task(F&& call)  // NOLINT: converting on purpose, as std::function does
      : call_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(call))) {}

  explicit operator bool() const { return call_ != nullptr; }
  void operator()() { call_->run(); }

 private:
  struct Callable {
    virtual ~Callable() = default;
    virtual void run() = 0;
  };
  template <typename F>
  struct Holder final : Callable {
    explicit Holder(F&& f) : call(std::move(f)) {}
    explicit Holder(const F& f) : call(f) {}
    void run() override { call(); }
    F call;
  };

  std::unique_ptr<Callable> call_;
};

}  // namespace chat::base

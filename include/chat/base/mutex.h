#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// Clang's thread safety analysis (-Wthread-safety); nothing under other compilers.
#if defined(__clang__)
#define CHAT_TSA(x) __attribute__((x))
#else
#define CHAT_TSA(x)
#endif
#define CHAT_CAPABILITY(x) CHAT_TSA(capability(x))
#define CHAT_SCOPED_CAPABILITY CHAT_TSA(scoped_lockable)
#define CHAT_GUARDED_BY(x) CHAT_TSA(guarded_by(x))
#define CHAT_REQUIRES(...) CHAT_TSA(requires_capability(__VA_ARGS__))
#define CHAT_ACQUIRE(...) CHAT_TSA(acquire_capability(__VA_ARGS__))
#define CHAT_RELEASE(...) CHAT_TSA(release_capability(__VA_ARGS__))
#define CHAT_EXCLUDES(...) CHAT_TSA(locks_excluded(__VA_ARGS__))
#define CHAT_NO_THREAD_SAFETY_ANALYSIS CHAT_TSA(no_thread_safety_analysis)

namespace chat::base {

// std::mutex with the annotations that the analysis needs.
class CHAT_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() CHAT_ACQUIRE() { mutex_.lock(); }
  void unlock() CHAT_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class CHAT_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CHAT_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() CHAT_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition variable for Mutex. Callers loop over their condition themselves, so that the
// analysis sees which lock guards the data that they check.
class CondVar {
 public:
  void wait(Mutex& mutex) CHAT_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }

  // False when the deadline passed.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      CHAT_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const auto status = condition_.wait_until(lock, deadline);
    lock.release();
    return status == std::cv_status::no_timeout;
  }

  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace chat::base

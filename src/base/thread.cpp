#include "chat/base/thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace chat::base {

Thread::Thread(std::string name, std::function<void()> body) {
  // Block signals before the thread exists, so that it can never receive one; then restore the
  // creator's mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  // Signals of a thread's own faults end the process even if blocked, but without calling the
  // handler.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([name = std::move(name), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    body();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Thread& Thread::operator=(Thread&& other) noexcept {
  if (this != &other) {
    join();
    thread_ = std::move(other.thread_);
  }
  return *this;
}

Thread::~Thread() {
  join();
}

void Thread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace chat::base

#include "service/login/login_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chat/protocol/limits.h"

namespace chat::service {
namespace {

using std::chrono::milliseconds;

// How long before its time-out a login is refused.
constexpr milliseconds kAnswerMargin{250};
constexpr milliseconds kDue = protocol::kLoginTimeout - kAnswerMargin;
// While the database is in trouble: the time-out, and how often it is checked later.
constexpr milliseconds kTroubledPatience{1'700};
constexpr milliseconds kLookInterval{1'000};
constexpr milliseconds kLookAgain{50};  // if the login is between two waits

}  // namespace

void LoginWatch::watch(session::GiveUp give_up) {
  {
    base::MutexLock lock(mutex_);
    give_up_ = std::move(give_up);
  }
  if (!std::exchange(started_, true)) look_later();
}

void LoginWatch::look_later() {
  const auto waited = std::chrono::floor<milliseconds>(context_.clock.now() - accepted_);
  const milliseconds next = waited < kTroubledPatience ? kTroubledPatience : waited + kLookInterval;
  session_->post_to_loop(
      [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->look();
      },
      std::max(std::min(next, kDue) - waited, kLookAgain));
}

void LoginWatch::look() {
  const bool is_over = context_.clock.now() - accepted_ >= kDue || context_.pool.troubled();
  session::GiveUp give_up;
  {
    base::MutexLock lock(mutex_);
    give_up = give_up_;
  }
  if (!is_over || !give_up()) look_later();
}

}  // namespace chat::service

#pragma once

#include <memory>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/session/session.h"
#include "chat/session/wait.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// Ensures that a login is answered in time. An older session cannot close while the database does
// not accept its writes, and a COMMIT may hang: after the login's time-out, or if the database is
// in trouble, the current wait is given up.
// Threading: watch() belongs to the session's strand; the timer runs in its loop. Ownership: the
// login holds it, its timer does not.
class LoginWatch : public std::enable_shared_from_this<LoginWatch> {
 public:
  LoginWatch(const ServiceContext& context, std::shared_ptr<session::Session> session)
      : context_(context), session_(std::move(session)), accepted_(context.clock.now()) {}

  // When the login arrived.
  base::SteadyTime accepted() const { return accepted_; }
  // Guards the login's next wait.
  void watch(session::GiveUp give_up) CHAT_EXCLUDES(mutex_);

 private:
  void look_later();
  void look() CHAT_EXCLUDES(mutex_);

  const ServiceContext& context_;
  const std::shared_ptr<session::Session> session_;
  const base::SteadyTime accepted_;
  bool started_ = false;  // the timer is running
  base::Mutex mutex_;
  session::GiveUp give_up_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::service

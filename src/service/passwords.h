#pragma once

#include <functional>
#include <optional>
#include <string>

#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/service/context.h"
#include "chat/session/session.h"
#include "chat/storage/values.h"
#include "login_throttle.h"

namespace chat::service {

// What became of a password that a client gave.
struct PasswordVerdict {
  std::optional<protocol::Refusal> refusal;  // it was not tried
  bool right = false;
  std::string stored;  // the account's hash by now, when it is right
};

// Passwords on the hash lane, no more often than the throttle allows. What follows runs on the
// session's strand. A right password whose hash cost less than one made now is hashed anew.
// Threading: thread-safe.
class Passwords {
 public:
  explicit Passwords(ServiceContext& context);

  // `user` has id 0 where there is no such account; `account` is what the client called it then.
  // The answer takes as long and sounds the same for an unknown account as for a wrong password.
  void check(session::Session& session, const storage::User& user, const std::string& account,
             std::string password, const std::function<void(PasswordVerdict)>& then);
  void hash(session::Session& session, std::string password,
            const std::function<void(Result<std::string>)>& then);

 private:
  PasswordVerdict compare(const std::string& stored, const std::string& password) const;
  void renew(UserId user, PasswordVerdict& verdict, const std::string& renewed);

  ServiceContext& context_;
  LoginThrottle throttle_;
};

}  // namespace chat::service

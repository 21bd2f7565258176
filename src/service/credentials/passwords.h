#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/rate_store.h"
#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/service/service_context.h"
#include "chat/session/session.h"
#include "chat/storage/values.h"
#include "service/credentials/hash_queue.h"
#include "service/credentials/login_throttle.h"

namespace chat::service {

// What became of a password that a client gave.
struct PasswordVerdict {
  std::optional<protocol::Refusal> refusal;  // it was not tried
  bool right = false;
  std::string stored;  // the account's hash by now, when it is right
};

// Checks and hashes passwords on the hash lanes, no more often than the limits allow: wrong ones by
// LoginThrottle, right ones by account. Each of three lanes has a queue of its own: logins from
// networks that are new to the account, logins from its known networks, and everything else
// (registrations, and proofs by clients that are logged in). A right password whose hash cost less
// than one made now is hashed anew.
//
// Threading: thread-safe. check() and hash() are called on the session's strand and block on the
// database, never on hashing; what follows runs on the strand. Bounds: see HashQueue.
class Passwords {
 public:
  using Checked = std::function<void(PasswordVerdict)>;
  using Hashed = std::function<void(Result<std::string>)>;

  explicit Passwords(ServiceContext& context);

  // For a login. `user` has id 0 where there is no such account; `account` is what the client
  // called it then. The answer takes as long and sounds the same for an unknown account as for a
  // wrong password.
  void check_login(session::Session& session, const storage::User& user, const std::string& account,
                   std::string password, Checked then);
  // For a change that a logged-in client must confirm. Its limits count right passwords too.
  void confirm(session::Session& session, const storage::User& user, std::string password,
               Checked then);
  // Whether a password that was right a moment ago is still right by `stored`: no limit applies.
  void check_again(session::Session& session, const std::string& stored, std::string password,
                   Checked then);
  void hash(session::Session& session, std::string password, const Hashed& then);

 private:
  struct Check;
  using CheckPtr = std::shared_ptr<Check>;

  CheckPtr new_check(session::Session& session, const storage::User& user, std::string password,
                     Checked then) const;
  // False: it has been refused.
  bool find_network(const CheckPtr& check);
  bool pass_limits(const CheckPtr& check, const LoginAttempt& attempt);
  void run(const CheckPtr& check, HashQueue& queue, bool frequent);
  PasswordVerdict compare(const std::string& stored, const std::string& password) const;
  std::string renewed_hash(const Check& check) const;
  void finish_untried(const CheckPtr& check);
  void finish(const CheckPtr& check);
  void settle_limits(const Check& check);
  void remember_network(const Check& check);
  void renew(Check& check);

  ServiceContext& context_;
  LoginThrottle throttle_;
  HashQueue new_networks_;
  HashQueue known_networks_;
  HashQueue others_;
};

}  // namespace chat::service

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/rate_store.h"
#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/session/coroutine.h"
#include "chat/session/session.h"
#include "chat/storage/values.h"
#include "service/credentials/hash_queue.h"
#include "service/credentials/login_throttle.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// What became of a password that a client gave.
struct PasswordVerdict {
  std::optional<protocol::Refusal> refusal{};  // it was not tried
  bool right = false;
  std::string stored{};  // the account's hash by now, when it is right
  // Of a login that is right: when the user last logged in from this network.
  std::optional<UnixMillis> last_seen{};
};

// Checks and hashes passwords on the hash lanes, no more often than the limits allow: wrong ones by
// LoginThrottle, right ones by account. Each of three lanes has a queue of its own: logins from
// networks that are new to the account, logins from its known networks, and everything else
// (registrations, and proofs by clients that are logged in). A right password whose hash cost less
// than one made now is hashed anew.
//
// Threading: thread-safe. The coroutines run on the session's strand and block on the database,
// never on hashing. Bounds: see HashQueue.
class Passwords {
 public:
  using SessionPtr = std::shared_ptr<session::Session>;
  using Verdict = session::Coroutine<PasswordVerdict>;

  explicit Passwords(ServiceContext& context);

  // For a login. `user` has id 0 where there is no such account; `account` is what the client
  // called it then. The answer takes as long and sounds the same for an unknown account as for a
  // wrong password.
  Verdict check_login(SessionPtr session, storage::User user, std::string account,
                      std::string password);
  // For a change that a logged-in client must confirm. Its limits count right passwords too.
  Verdict confirm(SessionPtr session, storage::User user, std::string password);
  // Whether a password that was right a moment ago is still right by `stored`: no limit applies.
  Verdict check_again(SessionPtr session, std::string stored, std::string password);
  session::Coroutine<Result<std::string>> hash(SessionPtr session, std::string password);

  // The user has logged in from the session's network, where they were last seen at `last_seen`.
  // Blocks on the database.
  void remember_network(const session::Session& session, UserId user,
                        std::optional<UnixMillis> last_seen);

 private:
  struct Check;
  struct Tried;

  Check new_check(SessionPtr session, storage::User user, std::string password) const;
  std::optional<protocol::Refusal> find_network(Check& check);
  std::optional<protocol::Refusal> pass_limits(Check& check, const LoginAttempt& attempt);
  bool is_frequent(Check& check);
  // `check` outlives it.
  Verdict try_in(HashQueue& queue, bool frequent, Check& check);
  Tried try_now(const std::string& stored, const std::string& password, bool may_renew) const;
  void settle_limits(const Check& check, const PasswordVerdict& verdict);
  void renew(UserId user, const std::string& renewed, PasswordVerdict& verdict);

  ServiceContext& context_;
  LoginThrottle throttle_;
  HashQueue new_networks_;
  HashQueue known_networks_;
  HashQueue others_;
};

}  // namespace chat::service

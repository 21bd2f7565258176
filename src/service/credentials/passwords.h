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

// The result of checking a password.
struct PasswordVerdict {
  std::optional<protocol::Refusal> refusal{};  // why it was not checked
  bool right = false;
  std::string stored{};  // the account's current hash, if right
  // For a successful login: when the user last logged in from this network.
  std::optional<UnixMillis> last_seen{};
};

// Checks and hashes passwords on the hash lanes, within rate limits: wrong ones by LoginThrottle,
// right ones by account. There are three lanes with separate queues: logins from networks new to
// the account, logins from its known networks, and everything else (registrations, and
// confirmations by logged-in clients). A right password whose hash has outdated parameters is
// hashed again.
//
// Threading: thread-safe. The coroutines run on the session's strand and block on the database,
// never on hashing. Bounds: see HashQueue.
class Passwords {
 public:
  using SessionPtr = std::shared_ptr<session::Session>;
  using Verdict = session::Coroutine<PasswordVerdict>;

  explicit Passwords(ServiceContext& context);

  // For a login. `user` has id 0 if there is no such account; `account` is then the name given by
  // the client. An unknown account gets the same reply, after the same time, as a wrong password.
  Verdict check_login(SessionPtr session, storage::User user, std::string account,
                      std::string password);
  // Confirms a change by a logged-in client. Right passwords count against the limits too.
  Verdict confirm(SessionPtr session, storage::User user, std::string password);
  // Checks a password that was just right again, against `stored`; no limit applies.
  Verdict check_again(SessionPtr session, std::string stored, std::string password);
  session::Coroutine<Result<std::string>> hash(SessionPtr session, std::string password);

  // Records a login from the session's network, where the user was last seen at `last_seen`. Blocks
  // on the database.
  void remember_network(const session::Session& session, UserId user,
                        std::optional<UnixMillis> last_seen);

 private:
  struct Check;
  struct Tried;

  Check new_check(SessionPtr session, storage::User user, std::string password) const;
  std::optional<protocol::Refusal> find_network(Check& check);
  std::optional<protocol::Refusal> pass_limits(Check& check, const LoginAttempt& attempt);
  bool is_frequent(Check& check);
  // `check` must outlive the coroutine.
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

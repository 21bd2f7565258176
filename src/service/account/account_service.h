#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/rate_store.h"
#include "chat/protocol/messages/account_messages.h"
#include "chat/session/coroutine.h"
#include "chat/session/session.h"
#include "chat/storage/values.h"
#include "service/credentials/passwords.h"
#include "service/credentials/unsettled_hashes.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"
#include "service/login/login_service.h"
#include "service/operation/registration_policy.h"

namespace chat::service {

// Registration and account management. A request that was answered `unavailable`, because its
// outcome was unknown, may be repeated: if it had taken effect, the repetition succeeds.
// Threading: thread-safe; handlers block on the database, never on hashing.
class AccountService {
 public:
  // All must outlive it.
  AccountService(ServiceContext& context, Passwords& passwords, LoginService& login,
                 RegistrationPolicy& registration);

  using SessionPtr = std::shared_ptr<session::Session>;

  session::Coroutine<> register_user(SessionPtr session, Received<messages::Register> request);
  // Revokes every token except this session's.
  session::Coroutine<> change_password(SessionPtr session,
                                       Received<messages::ChangePassword> request);
  // Messages received by others are kept; the name becomes free. The session is logged out.
  session::Coroutine<> delete_account(SessionPtr session,
                                      Received<messages::DeleteAccount> request);
  // The tokens that log this user in.
  void list_sessions(session::Session& session, const Received<messages::Sessions>& request);
  void revoke_session(session::Session& session, const Received<messages::RevokeSession>& request);

  // Deletes the account without its password, and ends its session. kOutcomeUnknown: this follows
  // once it is known. Blocks on the database.
  Outcome<void> remove_by_operator(UserId user);

 private:
  // The users to notify when an account is deleted.
  using Audience = std::vector<storage::Watch>;

  // The password given in a request as proof.
  struct Proof {
    RequestHead head;
    std::string password;
    std::optional<std::string> new_password;  // in a request to change it
  };

  // True if `holder` was registered by an earlier attempt of the same client; otherwise refuses.
  session::Coroutine<bool> is_of_an_earlier_attempt(SessionPtr session,
                                                    const Received<messages::Register>& request,
                                                    storage::User holder);
  void registered(session::Session& session, const RequestHead& request, UserId user);
  // Checks the account's password. Its hash, or nothing if the request was refused.
  session::Coroutine<std::optional<std::string>> confirm(SessionPtr session, const Proof& proof);
  session::Coroutine<bool> is_changed_already(SessionPtr session, const Proof& proof,
                                              storage::User user);
  void password_changed(session::Session& session, const RequestHead& request, std::size_t revoked);
  Outcome<bool> remove_rows(storage::Connection& connection, const session::Identity& self,
                            const std::string& stored, Audience& audience);
  session::Coroutine<> finish_removal(SessionPtr session, const RequestHead& request,
                                      Audience audience);
  void settle_removal(session::Session& session, Audience audience);
  void removed_by_operator(const session::Identity& who, const Audience& audience);
  session::Coroutine<> account_gone(SessionPtr session, const RequestHead& request);
  void tell(const session::Identity& who, const Audience& audience);

  ServiceContext& context_;
  Passwords& passwords_;
  LoginService& login_;
  RegistrationPolicy& registration_;
  const base::Rate registrations_;
  UnsettledHashes unsettled_hashes_;
};

}  // namespace chat::service

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

namespace chat::service {

// Registration, and what people do with their own account. A request that was answered
// `unavailable`, because the database did not tell its outcome, may be repeated: if it had been
// carried out, the repeat is answered like the first.
// Threading: thread-safe; handlers block on the database, never on hashing.
class AccountService {
 public:
  // All three outlive it.
  AccountService(ServiceContext& context, Passwords& passwords, LoginService& login);

  using SessionPtr = std::shared_ptr<session::Session>;

  session::Coroutine<> register_user(SessionPtr session, Received<messages::Register> request);
  // Every token but this session's is worth nothing after it.
  session::Coroutine<> change_password(SessionPtr session,
                                       Received<messages::ChangePassword> request);
  // What others received from the account stays theirs; its name is free. The session is logged
  // out.
  session::Coroutine<> delete_account(SessionPtr session,
                                      Received<messages::DeleteAccount> request);
  // The tokens that log this user in.
  void list_sessions(session::Session& session, const Received<messages::Sessions>& request);
  void revoke_session(session::Session& session, const Received<messages::RevokeSession>& request);

 private:
  // Who hears of it when an account is deleted.
  struct Audience {
    std::vector<storage::Watch> watchers;
    std::vector<storage::Membership> memberships;
  };

  // What a request says of the account's password.
  struct Proof {
    RequestHead head;
    std::string password;
    std::optional<std::string> new_password;  // of a request to change it
  };

  // Whether `holder` is what an earlier attempt of the same client made; refused otherwise.
  session::Coroutine<bool> is_of_an_earlier_attempt(SessionPtr session,
                                                    const Received<messages::Register>& request,
                                                    storage::User holder);
  void registered(session::Session& session, const RequestHead& request, UserId user);
  // The password must be the account's. Its hash; nothing: the request has been answered.
  session::Coroutine<std::optional<std::string>> confirm(SessionPtr session, const Proof& proof);
  session::Coroutine<bool> is_changed_already(SessionPtr session, const Proof& proof,
                                              storage::User user);
  void password_changed(session::Session& session, const RequestHead& request, std::size_t revoked);
  static Result<bool> remove_rows(storage::Connection& connection, UserId user,
                                  const std::string& stored, bool repeated, Audience& audience);
  session::Coroutine<> finish_removal(SessionPtr session, const RequestHead& request,
                                      Audience audience);
  void settle_removal(session::Session& session, Audience audience);
  session::Coroutine<> account_gone(SessionPtr session, const RequestHead& request);
  void tell(const session::Identity& who, const Audience& audience);

  ServiceContext& context_;
  Passwords& passwords_;
  LoginService& login_;
  const base::Rate registrations_;
  UnsettledHashes unsettled_hashes_;
};

}  // namespace chat::service

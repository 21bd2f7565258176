#pragma once

#include <string>
#include <vector>

#include "chat/base/rate_store.h"
#include "chat/protocol/request.h"
#include "chat/service/service_context.h"
#include "chat/session/session.h"
#include "chat/storage/values.h"
#include "service/credentials/passwords.h"
#include "service/credentials/unsettled_hashes.h"
#include "service/dispatch/gate.h"
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

  void register_user(session::Session& session, const protocol::Request& request);
  // Every token but this session's is worth nothing after it.
  void change_password(session::Session& session, const protocol::Request& request);
  // What others received from the account stays theirs; its name is free. The session is logged
  // out.
  void delete_account(session::Session& session, const protocol::Request& request);
  // The tokens that log this user in.
  void list_sessions(session::Session& session, const protocol::Request& request);
  void revoke_session(session::Session& session, const protocol::Request& request);

 private:
  // Who hears of it when an account is deleted.
  struct Audience {
    std::vector<storage::Watch> watchers;
    std::vector<storage::Membership> memberships;
  };

  void name_taken(session::Session& session, const protocol::Request& request,
                  const storage::User& holder);
  void store_user(session::Session& session, const protocol::Request& request,
                  const Result<std::string>& hash);
  void registered(session::Session& session, const protocol::Request& request, UserId user);
  // The password of the request's field `password` must be the account's: `then` gets its hash.
  void confirm(session::Session& session, const protocol::Request& request,
               std::function<void(std::string stored)> then);
  void not_confirmed(session::Session& session, const protocol::Request& request,
                     const storage::User& user);
  void store_password(session::Session& session, const protocol::Request& request,
                      const std::string& stored, const Result<std::string>& hash);
  void password_changed(session::Session& session, const protocol::Request& request,
                        std::size_t revoked);
  void remove(session::Session& session, const protocol::Request& request,
              const std::string& stored);
  static Result<bool> remove_rows(storage::Connection& connection, UserId user,
                                  const std::string& stored, bool repeated, Audience& audience);
  void finish_removal(session::Session& session, const protocol::Request& request,
                      const Audience& audience);
  void settle_removal(session::Session& session, Audience audience);
  void account_gone(session::Session& session, const protocol::Request& request);
  void tell(const session::Identity& who, const Audience& audience);

  ServiceContext& context_;
  Passwords& passwords_;
  LoginService& login_;
  const base::Rate registrations_;
  UnsettledHashes unsettled_hashes_;
};

}  // namespace chat::service

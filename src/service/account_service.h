#pragma once

#include <string>
#include <vector>

#include "chat/base/rate_store.h"
#include "chat/protocol/request.h"
#include "chat/service/context.h"
#include "chat/session/session.h"
#include "chat/storage/values.h"
#include "gate.h"
#include "login_service.h"
#include "passwords.h"

namespace chat::service {

// Registration, and what people do with their own account.
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

  void store_user(session::Session& session, const protocol::Request& request,
                  const Result<std::string>& hash);
  // The password of the request's field `password` must be the account's: `then` gets its hash.
  void confirm(session::Session& session, const protocol::Request& request,
               std::function<void(std::string stored)> then);
  void store_password(session::Session& session, const protocol::Request& request,
                      const std::string& stored, const Result<std::string>& hash);
  void remove(session::Session& session, const protocol::Request& request,
              const std::string& stored);
  Result<bool> remove_rows(UserId user, const std::string& stored, Audience& audience);
  void tell(const session::Identity& who, const Audience& audience);

  ServiceContext& context_;
  Passwords& passwords_;
  LoginService& login_;
  const base::Rate registrations_;
};

}  // namespace chat::service

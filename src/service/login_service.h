#pragma once

#include <memory>
#include <optional>
#include <string>

#include "chat/base/task.h"
#include "chat/protocol/request.h"
#include "chat/service/context.h"
#include "chat/service/rate_table.h"
#include "chat/session/session.h"

namespace chat::service {

// Login and logout.
//
// A login runs in steps, each on the session's strand: find the account, by name, id or token →
// check the password on the hash lane (a token needs none) → reserve the user in the registry
// (waiting for an older session to leave, if it is leaving or taken over) → claim it in the
// database → attach the delivery → wait for an older session on another node to leave → answer with
// what is pending → open the delivery. A step that fails undoes what was done before it.
// Threading: thread-safe; handlers block on the database, never on hashing.
class LoginService {
 public:
  explicit LoginService(ServiceContext& context);

  void login(session::Session& session, const protocol::Request& request);
  void logout(session::Session& session, const protocol::Request& request);
  // Whoever is logged in on the session is released; nothing happens when nobody is.
  void end(session::Session& session);

 private:
  struct Login;
  using LoginPtr = std::shared_ptr<Login>;

  Result<void> find_account(Login& login);
  void check_password(const LoginPtr& login);
  void password_checked(const LoginPtr& login, bool right);
  void login_failed(const LoginPtr& login, const protocol::Refusal& refusal);
  void reserve(const LoginPtr& login);
  void claim(const LoginPtr& login);
  Result<std::optional<SessionEpoch>> claim_user(Login& login);
  Result<std::optional<SessionEpoch>> claim_and_keep_token(Login& login,
                                                           storage::Connection& connection);
  void attach(const LoginPtr& login);
  void take_over(const LoginPtr& login);
  Result<bool> still_claimed(const Login& login);
  void answer(const LoginPtr& login);
  void abandon(const LoginPtr& login, const Error& error);
  Result<void> revoke(const session::TokenHash& token_hash);
  void release(session::Session& session, base::Task then);

  ServiceContext& context_;
  RateTable login_failures_;
};

}  // namespace chat::service

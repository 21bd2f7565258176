#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/protocol/errors.h"
#include "chat/protocol/messages/login_messages.h"
#include "chat/session/coroutine.h"
#include "chat/session/session.h"
#include "chat/session/wait.h"
#include "service/credentials/passwords.h"
#include "service/credentials/recent_tokens.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"
#include "service/login/login_batches.h"
#include "service/messages/chat_allowance.h"

namespace chat::service {

// Login and logout.
//
// A login reads from top to bottom in log_in(): authenticate by token or password → reserve the
// user in the registry (waiting for an older session that is closing or taken over) → claim the
// user in the database → attach the delivery → wait for an older session on another node to close →
// reply with the pending messages → open the delivery. Database access is batched with that of
// other logins (LoginBatches). A login refused after the claim is released again.
//
// If a claim was answered too late, or not at all, it may have taken effect: settle_claim() later
// reads the table and releases the user.
// Threading: thread-safe; coroutines run on the session's strand and block on the database, never
// on hashing.
class LoginService {
 public:
  using SessionPtr = std::shared_ptr<session::Session>;

  // All three must outlive it.
  LoginService(ServiceContext& context, Passwords& passwords, ChatAllowance& allowance);

  session::Coroutine<> login(SessionPtr session, Received<messages::Login> request);
  session::Coroutine<> logout(SessionPtr session, Received<messages::Logout> request);
  // Releases the user logged in on the session, if any.
  session::Coroutine<> release(SessionPtr session);
  // The same for a session that stays connected.
  session::Coroutine<> sign_off(SessionPtr session);

 private:
  struct Login;
  using LoginPtr = std::shared_ptr<Login>;
  // The refusal that ends a login early.
  using Refused = std::optional<protocol::Refusal>;
  using Step = session::Coroutine<Refused>;

  Step log_in(LoginPtr login);
  Step prove_by_token(LoginPtr login);
  Step prove_by_password(LoginPtr login);
  Result<void> find_account(Login& login);
  protocol::Refusal login_failed(const Login& login, protocol::Refusal refusal);
  Refused pass_token_limit(const Login& login);
  Refused pass_login_limit(const Login& login);
  Step reserve(LoginPtr login);
  Step claim(LoginPtr login);
  Refused claimed(Login& login, Result<ClaimAnswer> answer);
  void claimed_too_late(const Login& login, const Result<ClaimAnswer>& answer);
  void settle_claim(session::Session& session, UserId user);
  session::Coroutine<> attach(LoginPtr login);
  session::Coroutine<> take_over(LoginPtr login);
  Step ask_for_welcome(LoginPtr login);
  protocol::Refusal turned_away(const Login& login, Welcome::Outcome outcome);
  void welcome(Login& login);

  protocol::Refusal abandoned(const Login& login, const Error& error);
  Result<void> revoke(const session::TokenHash& token_hash);

  ServiceContext& context_;
  Passwords& passwords_;
  ChatAllowance& allowance_;
  LoginBatches batches_;
  RecentTokens recent_tokens_;
};

}  // namespace chat::service

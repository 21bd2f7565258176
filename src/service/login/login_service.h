#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/task.h"
#include "chat/protocol/request.h"
#include "chat/service/service_context.h"
#include "chat/session/session.h"
#include "service/credentials/passwords.h"
#include "service/credentials/recent_tokens.h"
#include "service/login/login_batches.h"
#include "service/messages/chat_allowance.h"

namespace chat::service {

// Login and logout.
//
// A login runs in steps, each on the session's strand: find the account, by name, id or token →
// check the password on the hash lane (a token needs none) → reserve the user in the registry
// (waiting for an older session to leave, if it is leaving or taken over) → claim it in the
// database → attach the delivery → wait for an older session on another node to leave → answer with
// what is pending → open the delivery. A step that fails undoes what was done before it. What the
// steps ask of the database they ask together with other logins (LoginBatches).
// Threading: thread-safe; handlers block on the database, never on hashing.
class LoginService {
 public:
  // All three outlive it.
  LoginService(ServiceContext& context, Passwords& passwords, ChatAllowance& allowance);

  void login(session::Session& session, const protocol::Request& request);
  void logout(session::Session& session, const protocol::Request& request);
  // Whoever is logged in on the session is released; nothing happens when nobody is.
  void end(session::Session& session);
  // The same for one that stays connected; `then` runs on the session's strand after it.
  void sign_off(session::Session& session, base::Task then);

 private:
  struct Login;
  enum class Step { kReserve, kClaim, kWelcome };  // those that may take long
  using LoginPtr = std::shared_ptr<Login>;
  using FoundOwner = Result<std::optional<storage::TokenOwner>>;

  void find_token(const LoginPtr& login);
  void token_found(const LoginPtr& login, FoundOwner owner);
  Result<void> find_account(Login& login);
  void check_password(const LoginPtr& login);
  void login_failed(const LoginPtr& login, const protocol::Refusal& refusal);
  // False: it has been refused.
  bool pass_token_limit(const LoginPtr& login);
  void proved(const LoginPtr& login);
  void begin_wait(const LoginPtr& login, Step step);
  void watch_wait(const LoginPtr& login);
  void look_at_wait(const LoginPtr& login);
  void time_up(const LoginPtr& login);
  void reserve(const LoginPtr& login);
  void claim(const LoginPtr& login);
  void claimed(const LoginPtr& login, Result<ClaimAnswer> answer);
  void claimed_too_late(const LoginPtr& login, const Result<ClaimAnswer>& answer);
  void settle_claim(session::Session& session, UserId user);
  void attach(const LoginPtr& login, std::vector<GroupId> groups);
  void take_over(const LoginPtr& login);
  void answer(const LoginPtr& login);
  void answer_with(const LoginPtr& login, Result<Welcome> welcome);
  void release(session::Session& session, base::Task then);
  void try_other_hash(const LoginPtr& login, std::string hash);
  void turn_away(const LoginPtr& login, Welcome::Outcome outcome);
  void abandon(const LoginPtr& login, const Error& error);
  Result<void> revoke(const session::TokenHash& token_hash);

  ServiceContext& context_;
  Passwords& passwords_;
  ChatAllowance& allowance_;
  LoginBatches batches_;
  RecentTokens recent_tokens_;
};

}  // namespace chat::service

#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/batcher.h"
#include "chat/storage/claims.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"
#include "service/dispatch/service_context.h"
#include "service/login/login_reply.h"

namespace chat::service {

// A login's claim of a user, with its token.
struct ClaimRequest {
  UserId user;
  bool takes_over = false;
  std::string token_hash;
  // The expiry of the token used to log in; nothing for a new token, to be stored.
  std::optional<UnixMillis> token_ends;
  // For claim_alone(): an earlier attempt may have taken effect, and found the user held by another
  // live node.
  bool unsure = false;
  bool held_elsewhere = false;
};

struct ClaimAnswer {
  storage::Claim claim;
  bool unsure = false;  // with kAlone: an earlier attempt may have claimed the user
  // Of the claimed user. An error does not undo the claim.
  Result<std::vector<GroupId>> groups;
};

struct WelcomeRequest {
  UserId user;
  SessionEpoch epoch = 0;
  std::string token_hash;     // of the token in the reply
  std::string password_hash;  // that was verified; empty: logged in by token
};

// The content of a login's reply.
struct Welcome {
  enum class Outcome {
    kWelcome,  // otherwise the rest is empty
    kClaimedElsewhere,
    kTokenRevoked,
    kDisabled,   // by an operator, during the login
    kOtherHash,  // another password, or another hash of the same one
  };
  Outcome outcome = Outcome::kWelcome;
  std::string password_hash;  // the current one; with kOtherHash
  Pending pending;
  Lists lists;
};

// Batches the database work of logins: logins that arrive during a batch form the next one, so a
// burst shares round trips and commits.
// Threading: thread-safe; callbacks run on a worker. Bounds: kWaitingMax logins wait per step.
class LoginBatches {
 public:
  static constexpr std::size_t kBatchMax = 128;
  static constexpr std::size_t kWaitingMax = 100'000;

  using TokenBatcher = base::Batcher<std::string, std::optional<storage::TokenOwner>>;
  using ClaimBatcher = base::Batcher<ClaimRequest, ClaimAnswer>;

  using WelcomeBatcher = base::Batcher<WelcomeRequest, Welcome>;

  explicit LoginBatches(ServiceContext& context);

  // Looks up a token's owner by its hash. Nothing: unknown.
  [[nodiscard]] bool find(std::string token_hash, TokenBatcher::Done done);
  // At most one claim per user at a time. After kAlone call claim_alone(), with the answer's
  // `unsure` and `held_elsewhere`. kOutcomeUnknown: the claim may have taken effect.
  [[nodiscard]] bool claim(ClaimRequest request, ClaimBatcher::Done done);

  // Call once the user's channel is subscribed: checks that the claim is still the newest, and
  // reads what is pending.
  [[nodiscard]] bool welcome(WelcomeRequest request, WelcomeBatcher::Done done);

  // Claims one user now, waiting for row locks. Blocks. Errors as claim().
  Result<ClaimAnswer> claim_alone(const ClaimRequest& request);

 private:
  using TokenItems = std::span<TokenBatcher::Item>;
  using ClaimItems = std::span<ClaimBatcher::Item>;

  using WelcomeItems = std::span<WelcomeBatcher::Item>;
  using CredentialsByUser = std::unordered_map<UserId, storage::Credentials>;

  Result<std::vector<storage::TokenOwner>> owners_of(const std::vector<std::string>& token_hashes);
  void find_all(TokenItems items);
  void claim_all(ClaimItems items);
  bool is_for_all(const Error& error, bool tried);
  Result<storage::Claim> claim_one(storage::Connection& connection, const ClaimRequest& request);
  Result<std::vector<storage::Claim>> claim_in_one_commit(storage::Connection& connection,
                                                          ClaimItems items);
  // Adds new tokens and extends used ones.
  Result<void> keep_tokens(storage::Connection& connection,
                           std::span<const ClaimRequest* const> claimed);
  void read_groups(ClaimItems items);
  void welcome_all(WelcomeItems items);
  Result<void> read_welcomes(std::span<const UserId> users, WelcomeItems items);
  Welcome::Outcome judge(const WelcomeRequest& request, const storage::Credentials* newest,
                         bool token_exists) const;
  UnixMillis token_end() const;
  bool is_worth_extending(const ClaimRequest& request) const;

  ServiceContext& context_;
  TokenBatcher tokens_;
  ClaimBatcher claims_;
  WelcomeBatcher welcomes_;
};

}  // namespace chat::service

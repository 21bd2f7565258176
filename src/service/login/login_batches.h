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

// A claim of a user by a login, and the token that goes with it.
struct ClaimRequest {
  UserId user;
  bool takes_over = false;
  std::string token_hash;
  // When the token that the client came with ends; nothing: it is a new one, to be kept.
  std::optional<UnixMillis> token_ends;
  // Of claim_alone(): an attempt before it may have taken effect, and found the user held by
  // another live node.
  bool unsure = false;
  bool held_elsewhere = false;
};

struct ClaimAnswer {
  storage::Claim claim;
  bool unsure = false;  // of kAlone: an earlier attempt may have claimed the user
  // Of who was claimed. An error does not undo the claim.
  Result<std::vector<GroupId>> groups;
};

struct WelcomeRequest {
  UserId user;
  SessionEpoch epoch = 0;
  std::string token_hash;     // of the token that the answer carries
  std::string password_hash;  // by which the user was let in; empty: by that token
};

// What the answer to a login tells.
struct Welcome {
  enum class Outcome {
    kWelcome,  // the rest is empty otherwise
    kClaimedElsewhere,
    kTokenRevoked,
    kOtherHash,  // it may be another password, or another hash of the same one
  };
  Outcome outcome = Outcome::kWelcome;
  std::string password_hash;  // by now; with kOtherHash
  Pending pending;
  Lists lists;
};

// What logins ask of the database, many of them at once: those that come while a batch is at the
// database make the next one, so a burst of logins shares its round trips and its commits.
// Threading: thread-safe; answers are given on a worker. Bounds: kWaitingMax wait for each step.
class LoginBatches {
 public:
  static constexpr std::size_t kBatchMax = 128;
  static constexpr std::size_t kWaitingMax = 100'000;

  using TokenBatcher = base::Batcher<std::string, std::optional<storage::TokenOwner>>;
  using ClaimBatcher = base::Batcher<ClaimRequest, ClaimAnswer>;

  using WelcomeBatcher = base::Batcher<WelcomeRequest, Welcome>;

  explicit LoginBatches(ServiceContext& context);

  // Whose token is it, by its hash? Nothing: nobody's.
  [[nodiscard]] bool find(std::string token_hash, TokenBatcher::Done done);
  // One user at most once at a time. After an outcome of kAlone call claim_alone(), with what the
  // answer says of earlier attempts. kOutcomeUnknown: the table may have the claim.
  [[nodiscard]] bool claim(ClaimRequest request, ClaimBatcher::Done done);

  // Once this node listens for the user: is the claim still the newest, and what waits for the
  // user?
  [[nodiscard]] bool welcome(WelcomeRequest request, WelcomeBatcher::Done done);

  // Claims one user now, waiting for whoever has its row locked. Blocks. Errors as claim().
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
  // New ones are added, and those that were used live on.
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

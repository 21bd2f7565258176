#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chat/base/batcher.h"
#include "chat/service/context.h"
#include "chat/storage/connection.h"
#include "chat/storage/values.h"

namespace chat::service {

// A claim of a user by a login, and the token that goes with it.
struct ClaimRequest {
  UserId user;
  bool takes_over = false;
  std::string token_hash;
  // When the token that the client came with ends; nothing: it is a new one, to be kept.
  std::optional<UnixMillis> token_ends;
};

struct ClaimAnswer {
  storage::Claim claim;
  // Of who was claimed. An error does not undo the claim.
  Result<std::vector<GroupId>> groups;
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

  explicit LoginBatches(ServiceContext& context);

  // Whose token is it, by its hash? Nothing: nobody's.
  [[nodiscard]] bool find(std::string token_hash, TokenBatcher::Done done);
  // One user at most once at a time. An outcome of kAlone has not touched the tables.
  [[nodiscard]] bool claim(ClaimRequest request, ClaimBatcher::Done done);

  // Claims one user now, waiting for whoever has its row locked. Blocks.
  Result<ClaimAnswer> claim_alone(const ClaimRequest& request);

 private:
  using TokenItems = std::span<TokenBatcher::Item>;
  using ClaimItems = std::span<ClaimBatcher::Item>;

  void find_all(TokenItems items);
  void claim_all(ClaimItems items);
  Result<std::vector<storage::Claim>> claim_in_one_commit(storage::Connection& connection,
                                                          ClaimItems items);
  Result<void> keep_tokens(storage::Connection& connection, std::span<const storage::Claim> claims,
                           ClaimItems items);
  Result<void> keep_token(storage::Connection& connection, const ClaimRequest& request);
  void read_groups(storage::Connection& connection, ClaimItems items);
  UnixMillis token_end() const;
  bool is_worth_extending(const ClaimRequest& request) const;

  ServiceContext& context_;
  TokenBatcher tokens_;
  ClaimBatcher claims_;
};

}  // namespace chat::service

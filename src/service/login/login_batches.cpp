#include "service/login/login_batches.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "chat/base/sabotage.h"
#include "chat/delivery/backlog.h"
#include "chat/delivery/refusals.h"
#include "chat/protocol/limits.h"
#include "chat/storage/group_model.h"
#include "chat/storage/node_model.h"
#include "chat/storage/session_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/table_locks.h"
#include "chat/storage/user_model.h"

namespace chat::service {
namespace {

using storage::Claim;

// How many tokens a user keeps; older ones are forgotten by their clients, or misused.
constexpr std::size_t kTokensPerUser = 32;
// A token's expiry is written only if it changes by more than this, not with every login.
constexpr std::chrono::hours kTokenStep{1};

template <typename Items>
void fail_all(Items items, const Error& error) {
  for (auto& item : items) item.answer = tl::make_unexpected(error);
}

using GroupsByUser = std::unordered_map<UserId, std::vector<GroupId>>;

// The groups of each user, by id, up to the most a user may have.
Result<GroupsByUser> groups_of(storage::Pool& pool, std::span<const UserId> users) {
  auto lease = pool.lease();
  if (!lease) return fail(lease);
  const auto memberships = storage::GroupModel(**lease).memberships(users);
  if (!memberships) return fail(memberships);
  GroupsByUser groups;
  for (const storage::Membership& item : *memberships) groups[item.user].push_back(item.group);
  for (auto& [user, list] : groups) {
    std::sort(list.begin(), list.end());
    if (list.size() > protocol::kGroupsMax) list.resize(protocol::kGroupsMax);
  }
  return groups;
}

// Fails if this node's life has ended. A node that was suspended for longer than its lease may have
// been declared dead; its users are then free, and it must not claim or take over any more. Call it
// after the users' rows are locked, or after a claim is committed: then a claim that passes
// precedes the end of the node's life, which frees its users.
Result<void> must_live(storage::Connection& connection, const storage::Node& node) {
  if (connection.dialect() == storage::Dialect::kSqlite) return {};  // no other process can end it
  const auto rows = storage::NodeModel(connection).all();
  if (!rows) return fail(rows);
  const bool lives = std::any_of(rows->begin(), rows->end(), [&node](const auto& row) {
    return row.node.id == node.id && row.node.epoch == node.epoch;
  });
  if (lives) return {};
  return fail(ErrorCode::kUnavailable, "this server was declared dead");
}

}  // namespace

LoginBatches::LoginBatches(ServiceContext& context)
    : context_(context),
      tokens_(context.pools.blocking, "login_tokens", kBatchMax, kWaitingMax,
              [this](TokenItems items) { find_all(items); }),
      claims_(context.pools.blocking, "login_claims", kBatchMax, kWaitingMax,
              [this](ClaimItems items) { claim_all(items); }),
      welcomes_(context.pools.blocking, "login_welcomes", kBatchMax, kWaitingMax,
                [this](WelcomeItems items) { welcome_all(items); }) {}

bool LoginBatches::find(std::string token_hash, TokenBatcher::Done done) {
  return tokens_.ask(std::move(token_hash), std::move(done));
}

bool LoginBatches::claim(ClaimRequest request, ClaimBatcher::Done done) {
  return claims_.ask(std::move(request), std::move(done));
}

bool LoginBatches::welcome(WelcomeRequest request, WelcomeBatcher::Done done) {
  return welcomes_.ask(std::move(request), std::move(done));
}

Result<std::vector<storage::TokenOwner>> LoginBatches::owners_of(
    const std::vector<std::string>& token_hashes) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  return storage::SessionModel(**lease).owners(token_hashes, context_.clock.unix_millis());
}

void LoginBatches::find_all(TokenItems items) {
  std::vector<std::string> hashes;
  for (const auto& item : items) hashes.push_back(item.request);
  const auto owners = owners_of(hashes);
  if (!owners) return fail_all(items, owners.error());
  std::unordered_map<std::string_view, const storage::TokenOwner*> by_hash;
  for (const storage::TokenOwner& owner : *owners) by_hash.emplace(owner.token_hash, &owner);
  for (auto& item : items) {
    const auto found = by_hash.find(item.request);
    item.answer.emplace();
    if (found != by_hash.end()) *item.answer = *found->second;
  }
}

// True if a batch's error is not due to one of its logins.
bool LoginBatches::is_for_all(const Error& error, bool tried) {
  if (!tried || error.code != ErrorCode::kBusy) return delivery::is_everyones(error.code);
  auto lease = context_.pool.lease();
  return !lease || storage::login_tables_are_locked(**lease);
}

// If the database as a whole failed, all get the error. Any other error is due to one of them, so
// each then claims separately, and only that one fails.
//
// A repeated attempt finds users claimed by an earlier attempt held by this node, and claims them
// again with the next session epoch. Only the earlier attempt saw where an older session was.
void LoginBatches::claim_all(ClaimItems items) {
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) {
    return a.request.user.value < b.request.user.value;
  });
  std::vector<bool> held_elsewhere(items.size());
  bool tried = false;
  bool unsure = false;
  const auto claims = storage::transact_settled(
      context_.pool,
      [&](storage::Connection& connection, bool repeated) -> Result<std::vector<Claim>> {
        tried = true;
        unsure = repeated;
        auto made = claim_in_one_commit(connection, items);
        if (!made) return made;
        for (std::size_t i = 0; i < items.size(); ++i) {
          held_elsewhere[i] = held_elsewhere[i] || (*made)[i].held_elsewhere;
          (*made)[i].held_elsewhere = held_elsewhere[i];
        }
        return made;
      },
      !base::sabotaged(base::Sabotage::kForgetClaims));
  if (!claims && is_for_all(claims.error(), tried)) return fail_all(items, claims.error());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].answer = ClaimAnswer{claims ? (*claims)[i] : Claim{items[i].request.user}, unsure, {}};
  }
  if (claims) read_groups(items);
}

Result<std::vector<Claim>> LoginBatches::claim_in_one_commit(storage::Connection& connection,
                                                             ClaimItems items) {
  std::vector<Claim> claims;
  for (const auto& item : items) claims.push_back({item.request.user, item.request.takes_over});
  storage::UserModel users(connection);
  if (auto claimed = users.claim(claims, context_.node); !claimed) return fail(claimed);
  if (auto lives = must_live(connection, context_.node); !lives) return fail(lives);
  std::vector<const ClaimRequest*> claimed;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (claims[i].outcome == Claim::Outcome::kClaimed) claimed.push_back(&items[i].request);
  }
  if (auto kept = keep_tokens(connection, claimed); !kept) return fail(kept);
  return claims;
}

Result<void> LoginBatches::keep_tokens(storage::Connection& connection,
                                       std::span<const ClaimRequest* const> claimed) {
  storage::SessionModel tokens(connection);
  std::vector<std::string> used;
  for (const ClaimRequest* request : claimed) {
    if (request->token_ends) {
      if (is_worth_extending(*request)) used.push_back(request->token_hash);
      continue;
    }
    auto kept = tokens.insert(request->token_hash, request->user, context_.clock.unix_millis(),
                              token_end(), kTokensPerUser);
    if (!kept) return kept;
  }
  std::sort(used.begin(), used.end());
  return tokens.extend(used, token_end());
}

void LoginBatches::read_groups(ClaimItems items) {
  std::vector<UserId> users;
  for (const auto& item : items) {
    if (item.answer->claim.outcome == Claim::Outcome::kClaimed) users.push_back(item.request.user);
  }
  if (users.empty()) return;
  auto groups = groups_of(context_.pool, users);
  for (auto& item : items) {
    if (groups) {
      item.answer->groups = std::move((*groups)[item.request.user]);
    } else {
      item.answer->groups = fail(groups);
    }
  }
}

Result<ClaimAnswer> LoginBatches::claim_alone(const ClaimRequest& request) {
  bool held_elsewhere = request.held_elsewhere;
  auto claimed = storage::transact_settled(
      context_.pool,
      [&](storage::Connection& connection, bool /*repeated*/) -> Result<Claim> {
        auto made = claim_one(connection, request);
        if (!made) return made;
        held_elsewhere = held_elsewhere || made->held_elsewhere;
        made->held_elsewhere = held_elsewhere;
        return made;
      },
      !base::sabotaged(base::Sabotage::kForgetClaims));
  if (!claimed) {
    if (!request.unsure) return fail(claimed);
    return fail(ErrorCode::kOutcomeUnknown, claimed.error().message);
  }
  ClaimAnswer answer{*claimed, false, {}};
  if (claimed->outcome != Claim::Outcome::kClaimed) return answer;
  auto groups = groups_of(context_.pool, std::span(&request.user, 1));
  if (groups) {
    answer.groups = std::move((*groups)[request.user]);
  } else {
    answer.groups = fail(groups);
  }
  return answer;
}

Result<Claim> LoginBatches::claim_one(storage::Connection& connection,
                                      const ClaimRequest& request) {
  Claim claim{request.user, request.takes_over};
  claim.outcome = Claim::Outcome::kRefused;
  storage::UserModel users(connection);
  auto epoch = users.claim(request.user, context_.node, false);
  // A claim is refused only because of a session on a live node.
  claim.held_elsewhere = epoch && !*epoch;
  if (claim.held_elsewhere && request.takes_over) {
    epoch = users.claim(request.user, context_.node, true);
  }
  if (!epoch) return fail(epoch);
  if (!*epoch) return claim;
  if (auto lives = must_live(connection, context_.node); !lives) return fail(lives);
  claim.outcome = Claim::Outcome::kClaimed;
  claim.epoch = **epoch;
  const ClaimRequest* const only = &request;
  if (auto kept = keep_tokens(connection, std::span(&only, 1)); !kept) return fail(kept);
  return claim;
}

void LoginBatches::welcome_all(WelcomeItems items) {
  std::vector<UserId> users;
  for (const auto& item : items) users.push_back(item.request.user);
  if (const auto read = read_welcomes(users, items); !read) fail_all(items, read.error());
}

Result<void> LoginBatches::read_welcomes(std::span<const UserId> users, WelcomeItems items) {
  CredentialsByUser newest;
  std::unordered_set<std::string> tokens;
  ListsByUser lists;
  {
    auto lease = context_.pool.lease();
    if (!lease) return fail(lease);
    if (auto lives = must_live(**lease, context_.node); !lives) return lives;
    auto credentials = storage::UserModel(**lease).credentials(users);
    if (!credentials) return fail(credentials);
    for (auto& item : *credentials) newest.emplace(item.user, std::move(item));
    std::vector<std::string> hashes;
    for (const auto& item : items) hashes.push_back(item.request.token_hash);
    auto existing = storage::SessionModel(**lease).existing(hashes);
    if (!existing) return fail(existing);
    for (auto& hash : *existing) tokens.insert(std::move(hash));
    if (auto read = read_lists(**lease, users, lists); !read) return read;
  }
  auto positions = context_.delivery.backlog().positions(users);
  if (!positions) return fail(positions);
  for (auto& item : items) {
    const UserId user = item.request.user;
    item.answer.emplace();
    Welcome& welcome = *item.answer;
    const auto found = newest.find(user);
    const auto* credentials = found == newest.end() ? nullptr : &found->second;
    welcome.outcome = judge(item.request, credentials, tokens.contains(item.request.token_hash));
    if (welcome.outcome == Welcome::Outcome::kOtherHash) {
      welcome.password_hash = credentials->password_hash;
    }
    if (welcome.outcome != Welcome::Outcome::kWelcome) continue;
    auto pending = read_pending(context_.delivery.backlog(), user, std::move((*positions)[user]));
    if (!pending) {
      item.answer = fail(pending);
      continue;
    }
    welcome.pending = std::move(*pending);
    welcome.lists = std::move(lists[user]);
  }
  return {};
}

// Before this node subscribed to the user's channel, another may have taken the user over
// unnoticed; or an operator may have ended the user's sessions. And the credentials used must still
// be valid, now that the claim is visible to requests that change a password or revoke a token:
// both delete tokens, the former all but its own. A token made after a password change survives it,
// so a login by password also compares the hash.
Welcome::Outcome LoginBatches::judge(const WelcomeRequest& request,
                                     const storage::Credentials* newest, bool token_exists) const {
  const bool deleted = newest == nullptr || newest->password_hash.empty();
  if (deleted) return Welcome::Outcome::kTokenRevoked;
  if (newest->disabled) return Welcome::Outcome::kDisabled;
  if (newest->epoch != request.epoch) return Welcome::Outcome::kClaimedElsewhere;
  if (!token_exists) return Welcome::Outcome::kTokenRevoked;
  const bool by_password = !request.password_hash.empty();
  if (by_password && newest->password_hash != request.password_hash) {
    return Welcome::Outcome::kOtherHash;
  }
  return Welcome::Outcome::kWelcome;
}

UnixMillis LoginBatches::token_end() const {
  return context_.clock.unix_millis() +
         std::chrono::milliseconds(context_.options.token_lifetime).count();
}

bool LoginBatches::is_worth_extending(const ClaimRequest& request) const {
  return token_end() - *request.token_ends > std::chrono::milliseconds(kTokenStep).count();
}

}  // namespace chat::service

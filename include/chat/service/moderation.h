#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/moderation_model.h"
#include "chat/storage/registration_model.h"

namespace chat::service {

struct ServiceContext;
class AccountService;
class RegistrationPolicy;

// The process that commands the server, as the audit log names it.
struct Operator {
  std::uint32_t uid = 0;
};

// A session of the cluster. Other nodes tell only the user and their own name.
struct SessionOverview {
  UserId user;
  std::string name;
  std::string node;
  std::string address;      // empty on other nodes
  UnixMillis since = 0;     // likewise 0
  std::string_view client;  // the framing it speaks; likewise empty
};

// A code that allows registrations. Only its hash is stored, so it cannot be shown again.
struct InviteCode {
  std::string code;
  UnixMillis expires_at = 0;
};

// What an operator does to accounts and groups, from any node for the whole cluster.
//
// Errors are sentences for the operator; kInvalidArgument: a mistake of the operator's. An act that
// already holds changes nothing and succeeds. If the answer to its COMMIT was lost for long, an act
// fails with kOutcomeUnknown; it may then be repeated, and what it implies for sessions is done
// once the outcome is known. Each act is written to the audit log before it returns. Threading:
// thread-safe. Blocks on the database; reset_password() also for one password hash.
class Moderation {
 public:
  // A list has one row more at most, which shows that there are more.
  static constexpr std::size_t kPageMax = 1000;

  // All outlive it.
  Moderation(ServiceContext& context, AccountService& accounts, RegistrationPolicy& registration);

  // `text`: an id in digits, or a name; "=NAME" is always a name.
  Result<storage::UserOverview> find_user(std::string_view text);
  Result<std::vector<storage::UserOverview>> users(std::string_view prefix, UserId after,
                                                   std::size_t limit);
  // By ascending user.
  Result<std::vector<SessionOverview>> sessions(UserId after, std::size_t limit);
  // Of this user: nothing if offline.
  std::optional<SessionOverview> session_of(const storage::UserOverview& user);
  Result<std::vector<storage::GroupOverview>> groups(std::string_view prefix, GroupId after,
                                                     std::size_t limit);
  Result<storage::GroupOverview> group(GroupId id);

  // Each returns whether something changed.
  // Ends the user's session. The user may log in again.
  Result<bool> kick(Operator by, UserId user);
  // Also revokes all tokens and refuses logins until enable().
  Result<bool> disable(Operator by, UserId user);
  Result<bool> enable(Operator by, UserId user);
  // Also ends the session and revokes all tokens. Nothing in `password`: a random one. Returns it.
  Result<std::string> reset_password(Operator by, UserId user, std::optional<std::string> password);
  Result<bool> remove(Operator by, UserId user);

  // The group stays readable, and nobody can write to it.
  Result<bool> dismiss(Operator by, GroupId group);

  // To everybody online.
  Result<void> announce(Operator by, std::string_view text);

  Result<storage::RegistrationMode> registration();
  Result<void> set_registration(Operator by, storage::RegistrationMode mode);
  Result<InviteCode> make_invite_code(Operator by, std::int64_t days, std::int64_t uses);

 private:
  struct Change;
  template <typename Work>
  Result<Change> change_user(UserId user, std::string_view act, Work work);
  void sessions_ended(const storage::UserState& row);
  void await_release(UserId user);
  void settle(UserId user, std::string_view act);
  void settle_dismissal(GroupId group, const std::string& cid);
  SessionOverview overview_of(const storage::UserOverview& user) const;

  ServiceContext& context_;
  AccountService& accounts_;
  RegistrationPolicy& registration_;
};

}  // namespace chat::service

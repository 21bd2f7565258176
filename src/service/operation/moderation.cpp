// What operators read.
#include "chat/service/moderation.h"

#include <algorithm>
#include <charconv>

#include "chat/protocol/framing.h"
#include "chat/session/session.h"
#include "chat/storage/user_model.h"
#include "service/dispatch/service_context.h"
#include "service/operation/registration_policy.h"

namespace chat::service {
namespace {

using storage::ModerationModel;
using storage::UserOverview;

std::optional<UserId> id_in(std::string_view text) {
  UserId id;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id.value);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && id.value > 0;
  return whole ? std::optional(id) : std::nullopt;
}

tl::unexpected<Error> no_such_user(std::string_view text) {
  return fail(ErrorCode::kInvalidArgument, "there is no user " + std::string(text));
}

std::string_view framing_name(protocol::Framing framing) {
  switch (framing) {
    case protocol::Framing::kBinary: return "binary";
    case protocol::Framing::kClassic: return "classic";
    default: return "text";
  }
}

}  // namespace

Moderation::Moderation(ServiceContext& context, AccountService& accounts,
                       RegistrationPolicy& registration)
    : context_(context), accounts_(accounts), registration_(registration) {}

Result<UserOverview> Moderation::find_user(std::string_view text) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  auto id = id_in(text);
  if (!id) {
    const bool marked = text.starts_with('=');
    const auto user = storage::UserModel(**lease).find_by_name(marked ? text.substr(1) : text);
    if (!user) return fail(user);
    if (!*user) return no_such_user(text);
    id = (*user)->id;
  }
  auto user = ModerationModel(**lease).user(*id);
  if (!user) return fail(user);
  if (!*user) return no_such_user(text);
  return **std::move(user);
}

Result<std::vector<UserOverview>> Moderation::users(std::string_view prefix, UserId after,
                                                    std::size_t limit) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  return ModerationModel(**lease).users(prefix, after, std::min(limit, kPageMax + 1));
}

Result<std::vector<SessionOverview>> Moderation::sessions(UserId after, std::size_t limit) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  const auto users = ModerationModel(**lease).online_users(after, std::min(limit, kPageMax + 1));
  if (!users) return fail(users);
  std::vector<SessionOverview> sessions;
  for (const UserOverview& user : *users) sessions.push_back(overview_of(user));
  return sessions;
}

std::optional<SessionOverview> Moderation::session_of(const UserOverview& user) {
  if (!user.online) return std::nullopt;
  return overview_of(user);
}

SessionOverview Moderation::overview_of(const UserOverview& user) const {
  SessionOverview out{user.id, user.name, user.node, {}, 0, {}};
  const auto holder = context_.registry.holder_of(user.id);
  if (!holder || holder->epoch != user.session_epoch) return out;
  out.address = holder->session->peer().to_string();
  const auto age = std::chrono::steady_clock::now() - holder->claimed_at;
  out.since = context_.clock.unix_millis() -
              std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
  out.client = framing_name(holder->session->framing());
  return out;
}

Result<std::vector<storage::GroupOverview>> Moderation::groups(std::string_view prefix,
                                                               GroupId after, std::size_t limit) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  return ModerationModel(**lease).groups(prefix, after, std::min(limit, kPageMax + 1));
}

Result<storage::GroupOverview> Moderation::group(GroupId id) {
  auto lease = context_.pool.lease();
  if (!lease) return fail(lease);
  auto group = ModerationModel(**lease).group(id);
  if (!group) return fail(group);
  if (*group) return **std::move(group);
  return fail(ErrorCode::kInvalidArgument, "there is no group " + std::to_string(id.value));
}

Result<storage::RegistrationMode> Moderation::registration() {
  return registration_.mode();
}

}  // namespace chat::service

#include "service/people/profile_service.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "chat/storage/profile_model.h"
#include "chat/storage/user_model.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/session_fence.h"
#include "service/people/shown_user.h"

namespace chat::service {
namespace {

using protocol::Errno;
using storage::ProfileModel;

constexpr std::array<std::string_view, 3> kWhoMayAdd{"anyone", "approval", "nobody"};
constexpr std::array<std::string_view, 2> kWhoMayChat{"anyone", "friends"};

protocol::Refusal no_such_profile() {
  return not_found("there is no such user");
}

bool is_one_of(std::span<const std::string_view> words, const std::optional<std::string>& value) {
  return !value || std::find(words.begin(), words.end(), *value) != words.end();
}

std::optional<protocol::Refusal> profile_fault(const messages::SetProfile& request) {
  const bool any =
      request.nick || request.bio || request.avatar || request.who_may_add || request.who_may_chat;
  if (!any) {
    return bad_field("one of nick, bio, avatar, who_may_add and who_may_chat must be given");
  }
  if (!is_one_of(kWhoMayAdd, request.who_may_add)) {
    return bad_field("who_may_add must be anyone, approval or nobody");
  }
  if (!is_one_of(kWhoMayChat, request.who_may_chat)) {
    return bad_field("who_may_chat must be anyone or friends");
  }
  return std::nullopt;
}

// 0 if nobody has the name.
Result<UserId> asked_user(storage::Connection& connection, const messages::UserInfo& request) {
  if (request.userid) return *request.userid;
  const auto found = storage::UserModel(connection).find_by_name(*request.name);
  if (!found) return fail(found);
  return *found ? (*found)->id : UserId{};
}

Outcome<storage::Profile> change_profile(storage::Connection& connection, UserId user,
                                         const storage::ProfileChange& change) {
  auto profile = ProfileModel(connection).change(user, change);
  if (!profile) return failed(profile);
  if (!*profile) return refused(Errno::kNotLoggedIn, "this account was deleted");
  return **profile;
}

}  // namespace

void ProfileService::user_info(session::Session& session,
                               const Received<messages::UserInfo>& request) {
  if (request.userid.has_value() == request.name.has_value()) {
    return refuse(session, request, bad_field("one of userid and name must be given"));
  }
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const auto user = asked_user(**lease, request);
  if (!user) return refuse(session, request, user.error());
  if (!*user) return refuse(session, request, no_such_profile());
  if (!admit(context_, session, request, Action::kSeeUser, {.user = *user}, &**lease)) return;
  const UserId self = session.identity().user;
  const auto seen = ProfileModel(**lease).seen_by(self, {*user});
  if (!seen) return refuse(session, request, seen.error());
  if (seen->empty()) return refuse(session, request, no_such_profile());
  send_reply(session, request, messages::UserInfoReply{.user = info_item(seen->front(), self)});
}

void ProfileService::set_profile(session::Session& session,
                                 const Received<messages::SetProfile>& request) {
  if (auto fault = profile_fault(request)) return refuse(session, request, *fault);
  if (!admit(context_, session, request, Action::kSetProfile)) return;
  const session::Identity& who = session.identity();
  const UserId self = who.user;
  const storage::ProfileChange change{request.nick, request.bio, request.avatar,
                                      request.who_may_add, request.who_may_chat};
  const auto profile = transact_fenced(context_.pool, who, kOwnRowFence,
                                       [&](storage::Connection& connection, bool /*repeated*/) {
                                         return change_profile(connection, self, change);
                                       });
  if (!profile) {
    if (is_unknown(profile.error()) && request.who_may_chat) settle(session);
    return refuse(session, request, profile.error());
  }
  if (request.who_may_chat && !context_.delivery.contacts_changed(self) &&
      *request.who_may_chat != "anyone") {
    return refuse(session, request, Error{ErrorCode::kUnavailable, "the lane is slow"});
  }
  send_reply(session, request,
             messages::SetProfileReply{.user = info_item({.profile = *profile}, self)});
}

// The locked read waits until the lost transaction is decided. The tables tell the nodes the rest,
// whatever it is. Without the first call, a change that has taken effect would not bind until then.
void ProfileService::settle(session::Session& session) {
  const UserId self = session.identity().user;
  (void)context_.delivery.contacts_changed(self);
  context_.settle_queue.add(
      session, "set_profile user=" + std::to_string(self.value),
      [this, self](storage::Connection& connection) -> Result<SettleQueue::Act> {
        const auto read = storage::UserModel(connection).is_removed_locked(self);
        if (!read) return fail(read);
        return [this, self] { (void)context_.delivery.contacts_changed(self); };
      });
}

}  // namespace chat::service

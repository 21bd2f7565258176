#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <type_traits>

#include "chat/session/coroutine.h"
#include "service/dispatch/handlers.h"
#include "service/dispatch/route.h"

namespace chat::service {
namespace {

using protocol::Errno;
using protocol::FieldKind;
using protocol::FieldSpec;
using protocol::Msgid;
using protocol::Request;
using session::Coroutine;
using session::Session;
using SessionPtr = std::shared_ptr<Session>;

// `id`, `name` and `time` in requests are what the original protocol carries: their types are
// checked, and `id` must be the session's own; nothing else depends on them.
constexpr FieldSpec kOwnId{"id", FieldKind::kId, false};
constexpr FieldSpec kOwnName{"name", FieldKind::kString, false};
constexpr FieldSpec kOwnTime{"time", FieldKind::kString, false};

constexpr FieldSpec kLoginFields[] = {
    {"id", FieldKind::kId, false},           {"name", FieldKind::kString, false},
    {"password", FieldKind::kString, false}, {"token", FieldKind::kString, false},
    {"takeover", FieldKind::kFlag, false},   {"ack", FieldKind::kFlag, false},
    {"heartbeat", FieldKind::kFlag, false},
};
constexpr FieldSpec kLogoutFields[] = {kOwnId};
constexpr FieldSpec kRegisterFields[] = {
    {"name", FieldKind::kString, true},
    {"password", FieldKind::kString, true},
};
constexpr FieldSpec kOneChatFields[] = {
    kOwnId, kOwnName, kOwnTime, {"toid", FieldKind::kId, true}, {"msg", FieldKind::kText, true},
};
constexpr FieldSpec kAddFriendFields[] = {kOwnId, {"friendid", FieldKind::kId, true}};
constexpr FieldSpec kCreateGroupFields[] = {
    kOwnId,
    {"groupname", FieldKind::kName, true},
    {"groupdesc", FieldKind::kGroupDesc, false},
};
constexpr FieldSpec kAddGroupFields[] = {kOwnId, {"groupid", FieldKind::kId, true}};
constexpr FieldSpec kGroupChatFields[] = {
    kOwnId, kOwnName, kOwnTime, {"groupid", FieldKind::kId, true}, {"msg", FieldKind::kText, true},
};
constexpr FieldSpec kHelloFields[] = {
    {"client", FieldKind::kString, false},
    {"version", FieldKind::kString, false},
};
constexpr FieldSpec kCursorFields[] = {
    kOwnId,
    {"from", FieldKind::kId, false},
    {"groupid", FieldKind::kId, false},
    {"seq", FieldKind::kInteger, true},
};
constexpr FieldSpec kSyncFields[] = {
    kOwnId,
    {"from", FieldKind::kId, false},
    {"groupid", FieldKind::kId, false},
    {"after", FieldKind::kInteger, false},
};
constexpr FieldSpec kHistoryFields[] = {
    kOwnId,
    {"with", FieldKind::kId, false},
    {"groupid", FieldKind::kId, false},
    {"limit", FieldKind::kInteger, false},
    {"cursor", FieldKind::kString, false},
};
constexpr FieldSpec kChangePasswordFields[] = {
    kOwnId,
    {"password", FieldKind::kString, true},
    {"new_password", FieldKind::kString, true},
};
constexpr FieldSpec kDeleteAccountFields[] = {kOwnId, {"password", FieldKind::kString, true}};
constexpr FieldSpec kSessionsFields[] = {kOwnId};
constexpr FieldSpec kRevokeSessionFields[] = {
    kOwnId,
    {"session", FieldKind::kString, false},
    {"others", FieldKind::kFlag, false},
};
constexpr FieldSpec kGroupInfoFields[] = {
    kOwnId,
    {"groupid", FieldKind::kId, true},
    {"cursor", FieldKind::kString, false},
};
constexpr FieldSpec kListFields[] = {
    kOwnId,
    {"kind", FieldKind::kString, true},
    {"cursor", FieldKind::kString, false},
};

// A coroutine may throw when its handler has long returned.
Coroutine<> answer_faults(SessionPtr session, Request request, Coroutine<> handling) {
  try {
    co_await handling;
  } catch (const std::exception& fault) {
    session->answer_fault(request, fault);
  }
}

template <auto Member, auto Method>
void call(Handlers& handlers, Session& session, const Request& request) {
  auto& service = handlers.*Member;
  if constexpr (std::is_invocable_v<decltype(Method), decltype(service), SessionPtr, Request>) {
    const SessionPtr self = session.shared_from_this();
    session::start(answer_faults(self, request, (service.*Method)(self, request)));
  } else {
    (service.*Method)(session, request);
  }
}

using H = Handlers;

constexpr std::array kRoutes{
    Route{Msgid::kLogin, Access::kAnonymous, Work::kBlocking, false, kLoginFields,
          call<&H::login, &LoginService::login>},
    Route{Msgid::kLogout, Access::kLoggedIn, Work::kBlocking, true, kLogoutFields,
          call<&H::login, &LoginService::logout>},
    Route{Msgid::kRegister, Access::kAnyone, Work::kBlocking, false, kRegisterFields,
          call<&H::account, &AccountService::register_user>},
    Route{Msgid::kOneChat, Access::kLoggedIn, Work::kQuick, false, kOneChatFields,
          call<&H::chat, &ChatService::one_chat>},
    Route{Msgid::kAddFriend, Access::kLoggedIn, Work::kBlocking, false, kAddFriendFields,
          call<&H::contact, &ContactService::add_friend>},
    Route{Msgid::kCreateGroup, Access::kLoggedIn, Work::kBlocking, false, kCreateGroupFields,
          call<&H::group, &GroupService::create>},
    Route{Msgid::kAddGroup, Access::kLoggedIn, Work::kBlocking, false, kAddGroupFields,
          call<&H::group, &GroupService::join>},
    Route{Msgid::kGroupChat, Access::kLoggedIn, Work::kQuick, false, kGroupChatFields,
          call<&H::chat, &ChatService::group_chat>},
    Route{Msgid::kHello, Access::kAnyone, Work::kQuick, false, kHelloFields,
          call<&H::system, &SystemService::hello>},
    Route{Msgid::kPing,
          Access::kAnyone,
          Work::kQuick,
          false,
          {},
          call<&H::system, &SystemService::ping>},
    Route{Msgid::kDelivered, Access::kLoggedIn, Work::kQuick, false, kCursorFields,
          call<&H::stream, &StreamService::delivered>},
    Route{Msgid::kRead, Access::kLoggedIn, Work::kQuick, false, kCursorFields,
          call<&H::stream, &StreamService::read>},
    Route{Msgid::kSync, Access::kLoggedIn, Work::kBlocking, false, kSyncFields,
          call<&H::stream, &StreamService::sync>},
    Route{Msgid::kHistory, Access::kLoggedIn, Work::kBlocking, false, kHistoryFields,
          call<&H::history, &HistoryService::history>},
    Route{Msgid::kChangePassword, Access::kLoggedIn, Work::kBlocking, false, kChangePasswordFields,
          call<&H::account, &AccountService::change_password>},
    Route{Msgid::kDeleteAccount, Access::kLoggedIn, Work::kBlocking, true, kDeleteAccountFields,
          call<&H::account, &AccountService::delete_account>},
    Route{Msgid::kSessions, Access::kLoggedIn, Work::kBlocking, false, kSessionsFields,
          call<&H::account, &AccountService::list_sessions>},
    Route{Msgid::kRevokeSession, Access::kLoggedIn, Work::kBlocking, false, kRevokeSessionFields,
          call<&H::account, &AccountService::revoke_session>},
    Route{Msgid::kGroupInfo, Access::kLoggedIn, Work::kBlocking, false, kGroupInfoFields,
          call<&H::list, &ListService::group_info>},
    Route{Msgid::kList, Access::kLoggedIn, Work::kBlocking, false, kListFields,
          call<&H::list, &ListService::list>},
};

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

const Route* route_of(int msgid) {
  const auto found = std::lower_bound(
      kRoutes.begin(), kRoutes.end(), msgid,
      [](const Route& route, int wanted) { return static_cast<int>(route.msgid) < wanted; });
  return found != kRoutes.end() && static_cast<int>(found->msgid) == msgid ? &*found : nullptr;
}

std::optional<protocol::Refusal> check_preconditions(const Route& route, const Request& request,
                                                     UserId user) {
  if (route.access == Access::kLoggedIn && !user) {
    return protocol::Refusal{Errno::kNotLoggedIn, "log in first", std::nullopt};
  }
  if (route.access == Access::kAnonymous && user) {
    return protocol::Refusal{Errno::kAlreadyLoggedIn, "this connection is logged in already",
                             std::nullopt};
  }
  if (auto refusal = protocol::check_fields(request, route.fields)) return refusal;
  const bool names_sender = route.access == Access::kLoggedIn && request.find("id") != nullptr;
  if (names_sender && request.user_id("id") != user) {
    return protocol::Refusal{Errno::kNotAllowed, "id is not the one who is logged in here",
                             std::nullopt};
  }
  return std::nullopt;
}

}  // namespace chat::service
